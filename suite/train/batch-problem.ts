/** @file The training loss on one batch, as an optimizer sees it. Browser-safe. */
import * as tf from "@tensorflow/tfjs-core";
import type { Stream, StreamState } from "../data/prng.ts";
import { evaluateBatch } from "../nn/evaluate.ts";
import type { Model } from "../nn/model.ts";
import type { RandomSource } from "../nn/random.ts";
import type { Problem } from "../optimizer/problem.ts";
import type { RawBatch } from "./data.ts";
import { rowsOf } from "./evaluation.ts";

export interface ProblemOptions {
  readonly labelSmoothing: number;
  readonly dropout: Stream;
  /** Draws the labels of sampled backward passes. */
  readonly labels: RandomSource;
  readonly microBatchSize?: number;
}

/** A batch, its inputs maybe on the engine already: `[n, ...shape]`. */
export interface EngineBatch {
  readonly inputs: RawBatch["inputs"] | tf.Tensor;
  readonly labels: RawBatch["labels"];
}

/**
 * Calls `use` with the problem; the batch's tensors live as long as the call. An evaluation that is
 * `repeated` drops what the last one before it dropped: it is the same loss, at other parameters.
 */
export function withBatch<T>(
  model: Model,
  batch: EngineBatch,
  shape: readonly number[],
  options: ProblemOptions,
  use: (problem: Problem) => T,
): T {
  const inputs =
    batch.inputs instanceof tf.Tensor ? batch.inputs : rowsOf(batch.inputs.slice(), shape);
  const examples = inputs.shape[0] as number;
  const labels = tf.tensor1d(batch.labels.slice(), "int32");
  const { labelSmoothing, dropout, microBatchSize } = options;
  let masks: StreamState | undefined;
  const problem: Problem = {
    examples,
    terms: batch.labels.length,
    evaluate: (request = {}) => {
      if (request.repeated && masks) dropout.restore(masks);
      else masks = dropout.save();
      return evaluateBatch(model, { inputs, labels, examples }, request, {
        labelSmoothing,
        forward: { training: true, dropout },
        drawUniforms: (rows) => options.labels.uniform(rows),
        ...(microBatchSize && { microBatchSize }),
      });
    },
  };
  try {
    return use(problem);
  } finally {
    inputs.dispose();
    labels.dispose();
  }
}
