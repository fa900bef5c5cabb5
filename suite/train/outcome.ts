/** @file The record of a trial that has ended. */
import { PHASES } from "../engine/phase.ts";
import { readEvents } from "../optimizer/events.ts";
import type { Trial } from "../results/schema.ts";
import type { DiagnosticsRecorder } from "./diagnostics.ts";
import { finalScores } from "./evaluate-splits.ts";
import { atEvaluationWeights } from "./evaluation-weights.ts";
import { fingerprint } from "./fingerprint.ts";
import type { TrialHooks } from "./hooks.ts";
import type { Resumable } from "./resume.ts";
import type { TrialSpec } from "./spec.ts";

/** What a trial leaves, without what identifies it and where it ran. */
export type TrialOutcome = Pick<
  Trial,
  | "status"
  | "reason"
  | "preconditioned"
  | "plain"
  | "evaluations"
  | "training"
  | "final"
  | "cost"
  | "events"
  | "diagnostics"
  | "fingerprint"
>;

/** Why a trial ended before its budget was spent. */
export interface Stop {
  readonly status: "diverged" | "stopped-early";
  readonly reason: string;
}

interface Ended extends Resumable {
  readonly spec: TrialSpec;
  readonly hooks: TrialHooks;
  readonly diagnostics: DiagnosticsRecorder;
}

/** Final scores, costs and the model's bits. */
export async function outcomeOf(run: Ended, stopped: Stop | undefined): Promise<TrialOutcome> {
  const { spec, model, optimizer, progress, curves, diagnostics } = run;
  const began = performance.now();
  const { final, weights } = await atEvaluationWeights({ ...spec, model, optimizer }, async () => {
    await run.hooks.onFinal?.(model);
    return { final: await finalScores(model, spec), weights: await fingerprint(model) };
  });
  progress.seconds.evaluate += (performance.now() - began) / 1000;
  const treated = new Set(optimizer.preconditioned);
  const names = model.parameters.map(({ name }) => name);
  const table = diagnostics.table();
  const steps = Math.max(1, progress.step);
  return {
    status: stopped?.status ?? "finished",
    ...(stopped && { reason: stopped.reason }),
    preconditioned: names.filter((name) => treated.has(name)),
    plain: names.filter((name) => !treated.has(name)),
    evaluations: curves.evaluations,
    training: curves.training,
    final,
    cost: {
      steps: progress.step,
      samples: progress.step * spec.batchSize,
      flops: progress.flops,
      perStep: Object.fromEntries(
        PHASES.map((phase) => {
          const { flops, bytes } = progress.phases[phase] as { flops: number; bytes: number };
          return [phase, { flops: Math.round(flops / steps), bytes: Math.round(bytes / steps) }];
        }),
      ) as Trial["cost"]["perStep"],
      peakBytes: progress.peakBytes,
      seconds: {
        train: milliseconds(progress.seconds.train),
        evaluate: milliseconds(progress.seconds.evaluate),
        compile: milliseconds(progress.seconds.compile),
        data: milliseconds(progress.seconds.data),
      },
    },
    events: readEvents(optimizer.state),
    ...(table && { diagnostics: { optimizer: table } }),
    fingerprint: weights,
  };
}

/** Seconds, to the millisecond. */
const milliseconds = (seconds: number): number => Math.round(seconds * 1000) / 1000;
