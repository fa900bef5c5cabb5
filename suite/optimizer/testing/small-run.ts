/** @file An optimizer training one of the small models, step by step. */
import * as tf from "@tensorflow/tfjs-core";
import type { PassRequest } from "../../nn/evaluate.ts";
import type { Diagnostics, Optimizer, OptimizerDeclaration } from "../declaration.ts";
import type { Problem } from "../problem.ts";
import type { SavedState } from "../state.ts";
import { seededSource } from "./random.ts";
import { type SmallModelName, smallModel } from "./small-models.ts";

export interface SavedRun {
  readonly state: SavedState;
  readonly parameters: readonly Float32Array[];
  readonly streams: readonly number[];
  readonly step: number;
}

export interface SmallRun {
  readonly optimizer: Optimizer;
  /** One step on the batch in turn, or on all examples; the loss before it. */
  step(on?: "batch" | "all"): number;
  /** Records a step without asking for any value. */
  recordStep(): void;
  loss(): number;
  diagnose(): Diagnostics;
  /** All parameters, in order. */
  parameters(): Float32Array[];
  parameterNames(): string[];
  save(): SavedRun;
  restore(saved: SavedRun): void;
  dispose(): void;
}

/**
 * @param settings over the defaults
 * @param create replaces the declaration's own
 */
export function smallRun(
  declaration: OptimizerDeclaration,
  modelName: SmallModelName,
  settings: Readonly<Record<string, unknown>> = {},
  create: OptimizerDeclaration["create"] = declaration.create,
): SmallRun {
  const small = smallModel(modelName);
  const { parameters, layers } = small.model;
  const streams = { labels: seededSource(1), probe: seededSource(2), sketch: seededSource(3) };
  const optimizer = create({
    hyperparameters: declaration.hyperparameters.parse(settings),
    parameters,
    layers,
    random: (name) => streams[name],
  });
  let done = 0;
  const on = <T>(batch: number | "all", use: (problem: Problem) => T): T =>
    small.withBatch(batch, use, { uniforms: streams.labels });
  const loss = (batch: number | "all", request?: PassRequest) =>
    tf.tidy(() => on(batch, (problem) => problem.evaluate(request).loss.dataSync()[0] as number));
  const advance = (batch: number | "all") =>
    on(batch, (problem) => {
      // Schedules move the rate at every step.
      const info = { step: done, rateFactor: 1 / (1 + done / 100), progress: done / 100 };
      done++;
      return optimizer.step(problem, info);
    });
  return {
    optimizer,
    step: (batch = "batch") => {
      const value = advance(batch === "all" ? "all" : done);
      const [number] = value.dataSync();
      value.dispose();
      return number as number;
    },
    recordStep: () => advance(done).dispose(),
    loss: () => loss("all", { repeated: true }),
    diagnose: () => on(done, (problem) => optimizer.diagnose?.(problem) ?? {}),
    parameters: () => parameters.map(({ variable }) => variable.dataSync().slice() as Float32Array),
    parameterNames: () => parameters.map(({ name }) => name),
    save: () => ({
      state: optimizer.state.save(),
      parameters: parameters.map(({ variable }) => variable.dataSync().slice() as Float32Array),
      streams: Object.values(streams).map((stream) => stream.save()),
      step: done,
    }),
    restore: (saved) => {
      optimizer.state.restore(saved.state);
      parameters.forEach(({ variable }, i) => {
        const values = saved.parameters[i] as Float32Array;
        tf.tidy(() => variable.assign(tf.tensor(values.slice(), variable.shape)));
      });
      Object.values(streams).forEach((stream, i) => {
        stream.restore(saved.streams[i] as number);
      });
      done = saved.step;
    },
    dispose: () => {
      optimizer.state.dispose();
      small.dispose();
    },
  };
}
