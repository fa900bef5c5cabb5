/** @file The weights and batch-norm moments that a method wants to be evaluated at. */
import * as tf from "@tensorflow/tfjs-core";
import { positionsBetween } from "../data/gather.ts";
import { flush } from "../engine/index.ts";
import { recomputeMoments } from "../nn/batch-norm.ts";
import type { Model } from "../nn/model.ts";
import type { Optimizer } from "../optimizer/declaration.ts";
import type { EvaluationSet, TaskData } from "./data.ts";
import { rowsOf } from "./evaluation.ts";

/** Batches over which moments are averaged: their spread falls with the square root of it. */
const MOMENT_BATCHES = 50;

interface What {
  readonly model: Model;
  readonly optimizer: Optimizer;
  readonly data: TaskData;
  readonly datasetSize: number;
  readonly batchSize: number;
}

/**
 * Runs `work` where the method is to be evaluated. Methods that train elsewhere left batch norm with
 * the moments of their training weights: those are computed again, over training examples without
 * augmentation in batches of the training's size, and put back afterwards.
 */
export async function atEvaluationWeights<T>(what: What, work: () => Promise<T>): Promise<T> {
  const { model, optimizer } = what;
  const restore = optimizer.useEvaluationWeights?.();
  if (!restore) return work();
  const moments = model.buffers.map(({ variable }) => tf.tidy(() => tf.keep(tf.clone(variable))));
  try {
    recomputeMoments(model, momentBatches(what));
    return await work();
  } finally {
    model.buffers.forEach(({ variable }, i) => {
      const before = moments[i] as tf.Tensor;
      variable.assign(before);
      before.dispose();
    });
    restore();
  }
}

function* momentBatches({ data, datasetSize, batchSize }: What): Generator<tf.Tensor> {
  const set = data.evaluationSet("train", datasetSize) as EvaluationSet;
  const batches = Math.max(1, Math.min(MOMENT_BATCHES, Math.floor(set.count / batchSize)));
  for (let batch = 0; batch < batches; batch++) {
    const [start, end] = [batch * batchSize, Math.min((batch + 1) * batchSize, set.count)];
    const inputs = rowsOf(set.gather(positionsBetween(start, end)), set.shape);
    yield inputs;
    // One batch's graph at a time.
    flush();
    inputs.dispose();
  }
}
