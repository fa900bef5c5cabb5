/** @file One optimizer on one model, ready to step: what is timed. */
import * as tf from "@tensorflow/tfjs-core";
import { stream } from "../data/prng.ts";
import { flush, type PhaseCost, readCost, startCost, stopCost } from "../engine/index.ts";
import { PHASES } from "../engine/phase.ts";
import { disposeModel, ModelBuilder } from "../nn/model.ts";
import type { Optimizer, OptimizerDeclaration } from "../optimizer/declaration.ts";
import type { Configuration } from "../optimizer/search.ts";
import { withBatch } from "../train/batch-problem.ts";
import type { RawBatch } from "../train/data.ts";
import { rowsOf } from "../train/evaluation.ts";
import type { StepModel } from "./step-models.ts";
import type { PhaseFlops, Refresh } from "./step-phases.ts";

export interface StepRunner {
  /** After this many steps everything recurs: blocks are whole multiples of it. */
  readonly period: number;
  readonly step: () => void;
  /** Counted, the mean over a period; does steps. */
  readonly flops: () => PhaseFlops;
  readonly dispose: () => void;
}

const NEVER = 1_000_000_000;
const INTERVALS: Readonly<Record<Refresh, readonly [curvature: number, inverse: number]>> = {
  1: [1, 1],
  10: [10, 10],
  statistics: [1, NEVER],
  never: [NEVER, NEVER],
};

/** Those in which a method differs; none where it has no intervals. */
export function refreshesOf({ hyperparameters }: OptimizerDeclaration): readonly Refresh[] {
  const { curvatureInterval, inverseInterval } = hyperparameters.shape;
  if (curvatureInterval && inverseInterval) return ["1", "10", "statistics", "never"];
  if (curvatureInterval) return ["1", "10", "never"];
  return inverseInterval ? ["1", "10", "statistics"] : [];
}

function configurationOf(declaration: OptimizerDeclaration, refresh: Refresh): Configuration {
  const [curvatureInterval, inverseInterval] = INTERVALS[refresh];
  const known = Object.keys(declaration.hyperparameters.shape);
  return Object.fromEntries(
    Object.entries({ curvatureInterval, inverseInterval }).filter(([name]) => known.includes(name)),
  );
}

/** `refresh` is left out for methods without intervals. Dispose of it in the end. */
export function startRunner(
  size: StepModel,
  batch: RawBatch,
  declaration: OptimizerDeclaration,
  refresh?: Refresh,
): StepRunner {
  const model = size.build(new ModelBuilder(stream(1, "init")));
  const intervals = refresh ? configurationOf(declaration, refresh) : {};
  const optimizer: Optimizer = declaration.create({
    hyperparameters: declaration.hyperparameters.parse({ ...intervals, learningRate: 1e-4 }),
    parameters: model.parameters,
    layers: model.layers,
    random: (name) => stream(1, name),
  });
  const period = refresh === "10" ? 10 : 1;
  const labels = stream(1, "labels");
  const options = { labelSmoothing: 0, dropout: labels, labels };
  // On the engine, as a trial's gathered batches are, and as a peer has it.
  const inputs = rowsOf(batch.inputs, size.shape);
  let done = 0;
  const step = () => {
    const once = { inputs: tf.clone(inputs), labels: batch.labels };
    withBatch(model, once, size.shape, options, (problem) => {
      optimizer.step(problem, { step: done++, rateFactor: 1, progress: 0.5 }).dispose();
    });
    flush();
  };
  return {
    period,
    step,
    flops: () => {
      startCost();
      for (let i = 0; i < period; i++) step();
      const { phases } = readCost();
      stopCost();
      const mean = ({ flops }: PhaseCost) => flops / period;
      return Object.fromEntries(PHASES.map((phase) => [phase, mean(phases[phase])])) as PhaseFlops;
    },
    dispose: () => {
      inputs.dispose();
      optimizer.state.dispose();
      disposeModel(model);
    },
  };
}
