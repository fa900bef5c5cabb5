/** @file One optimizer on one model, ready to step: what is timed. */
import * as tf from "@tensorflow/tfjs-core";
import { stream } from "../data/prng.ts";
import { flush, readCost, startCost, stopCost } from "../engine/index.ts";
import { PHASES } from "../engine/phase.ts";
import { disposeModel, ModelBuilder } from "../nn/model.ts";
import type { Optimizer, OptimizerDeclaration } from "../optimizer/declaration.ts";
import type { Configuration } from "../optimizer/search.ts";
import { withBatch } from "../train/batch-problem.ts";
import type { RawBatch } from "../train/data.ts";
import { rowsOf } from "../train/evaluation.ts";
import { stepsPerRun } from "../train/step-runs.ts";
import { mean } from "./blocks.ts";
import type { StepModel } from "./step-models.ts";
import type { PhaseFlops, Refresh } from "./step-phases.ts";

export interface StepRunner {
  /** After this many steps everything recurs: blocks are whole multiples of it. */
  readonly period: number;
  /** Small steps run a few at a time, as in a long trial. */
  readonly step: () => void;
  /** Steps to the end of the period: nothing is left recorded there. */
  readonly finishPeriod: () => void;
  /** The mean over a period. */
  readonly flops: PhaseFlops;
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

/** `refresh` is left out for methods without intervals. Counts costs, by two intervals of steps. Dispose of it in the end. */
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
  const interval = refresh === "10" ? 10 : 1;
  const labels = stream(1, "labels");
  const options = { labelSmoothing: 0, dropout: labels, labels };
  // On the engine, as a trial's gathered batches are, and as a peer has it.
  const inputs = rowsOf(batch.inputs, size.shape);
  let done = 0;
  const record = () => {
    const once = { inputs: tf.clone(inputs), labels: batch.labels };
    withBatch(model, once, size.shape, options, (problem) => {
      optimizer.step(problem, { step: done++, rateFactor: 1, progress: 0.5 }).dispose();
    });
  };
  const counted = () => {
    startCost();
    record();
    const cost = readCost();
    stopCost();
    flush();
    return cost;
  };
  // The first interval refreshes even what is never renewed.
  for (let i = 0; i < interval; i++) counted();
  const costs = Array.from({ length: interval }, counted);
  const together = costs.map((cost) => stepsPerRun(Number.POSITIVE_INFINITY, cost));
  let period = interval;
  while (period % Math.max(...together) > 0) period += interval;
  const step = () => {
    record();
    if (done % (together[(done - 1) % interval] as number) === 0) flush();
  };
  return {
    period,
    step,
    finishPeriod: () => {
      while (done % period > 0) step();
    },
    flops: Object.fromEntries(
      PHASES.map((phase) => [phase, mean(costs.map(({ phases }) => phases[phase].flops))]),
    ) as PhaseFlops,
    dispose: () => {
      inputs.dispose();
      optimizer.state.dispose();
      disposeModel(model);
    },
  };
}
