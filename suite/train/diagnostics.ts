/** @file What an optimizer tells of itself along a trial, when asked. */
import * as tf from "@tensorflow/tfjs-core";
import type { Parameter } from "../nn/parameter.ts";
import { type UpdateWatch, watchUpdate } from "../optimizer/diagnostics.ts";
import type { Trial } from "../results/schema.ts";
import { withBatch } from "./batch-problem.ts";
import { evenlySpaced } from "./points.ts";
import { finiteOrNull } from "./recorder.ts";
import type { Resumable } from "./resume.ts";
import type { TrialSpec } from "./spec.ts";

type Table = NonNullable<Trial["diagnostics"]>[string];

export interface DiagnosticsRecorder {
  due(step: number): boolean;
  /** Before a step: keeps the parameters where the step after it is due, to see how far they move. */
  watch(step: number, parameters: readonly Parameter[]): void;
  record(run: Resumable & { readonly spec: TrialSpec }): Promise<void>;
  /** Undefined when nothing was asked for. */
  table(): Table | undefined;
  dispose(): void;
}

/** Records at `points` steps, evenly spaced. Vectors become one series per entry. */
export function diagnosticsRecorder(steps: number, points: number): DiagnosticsRecorder {
  const at = new Set(points > 0 ? evenlySpaced(steps, points).filter((step) => step > 0) : []);
  const table: Table = { step: [], series: {} };
  let watched: UpdateWatch | undefined;
  const forget = () => {
    watched?.dispose();
    watched = undefined;
  };
  return {
    dispose: forget,
    watch: (step, parameters) => {
      if (at.has(step + 1)) watched = watchUpdate(parameters);
    },
    due: (step) => at.has(step),
    table: () => (table.step.length > 0 ? table : undefined),
    record: async ({ optimizer, model, batches, streams, spec, progress }) => {
      const { diagnose } = optimizer;
      const dropout = streams.get("dropout");
      const labels = streams.get("labels");
      if (!dropout || !labels) return;
      // Looks at the next batch without consuming it: the training order stays as it is.
      const position = batches.save();
      const saved = [...streams].map(([name, source]) => [name, source.save()] as const);
      const batch = batches.next();
      const { labelSmoothing } = spec.protocol;
      const values = withBatch(
        model,
        batch,
        batches.shape,
        { labelSmoothing, dropout, labels },
        (problem) => tf.tidy(() => ({ ...watched?.ratios(), ...diagnose?.(problem) })),
      );
      forget();
      batches.restore(position);
      for (const [name, state] of saved) streams.get(name)?.restore(state);
      table.step.push(progress.step);
      for (const [name, tensor] of Object.entries(values)) {
        const numbers = await tensor.data();
        tensor.dispose();
        numbers.forEach((value, i) => {
          const key = numbers.length > 1 ? `${name}[${i}]` : name;
          table.series[key] ??= [];
          table.series[key].push(finiteOrNull(value));
        });
      }
    },
  };
}
