/** @file The two factors of a Kronecker-structured layer, and how they are remembered. */
import * as tf from "@tensorflow/tfjs-core";
import type { Observation } from "../nn/evaluate.ts";
import type { KroneckerLayer } from "../nn/parameter.ts";
import type { OptimizerState } from "./state.ts";

/** `xᵀx · scale`, `[d, d]`, for rows x `[rows, d]`. */
export function gram(x: tf.Tensor2D, scale: number): tf.Tensor2D {
  return tf.mul(tf.matMul(x, x, true, false), scale);
}

/**
 * `A = hᵀh / rows`: the covariance of a layer's inputs, `[dIn, dIn]`. An embedding is a linear layer
 * with one-hot inputs: its A is diagonal, returned as the vector `count/rows` of `[entries]`.
 */
export function inputCovariance(layer: KroneckerLayer, { inputs, rows }: Observation): tf.Tensor {
  if (!inputs) throw new Error(`Layer "${layer.name}" was not asked to show its inputs.`);
  if (layer.kind === "embedding") {
    const ids = tf.reshape(inputs, [rows]) as tf.Tensor1D;
    return tf.unsortedSegmentSum(tf.fill([rows], 1 / rows), ids, layer.dIn);
  }
  return gram(inputs as tf.Tensor2D, 1 / rows);
}

/** `B = eᵀe / N = N·δᵀδ`, `[dOut, dOut]`, for gradients δ of the mean loss over N terms. */
export function outputCovariance(outputGradients: tf.Tensor2D, terms: number): tf.Tensor2D {
  return gram(outputGradients, terms);
}

/** The weight's gradient as a matrix `[dIn, dOut]`; a convolution's axes before the last fold. */
export function asMatrix(layer: KroneckerLayer, gradient: tf.Tensor): tf.Tensor2D {
  return tf.reshape(gradient, [layer.dIn, layer.dOut]);
}

export interface StatisticHyperparameters {
  readonly statistics: "batch" | "ema";
  readonly emaRate: number;
}

/** A statistic that is replaced by each batch's, or follows them as a moving average. */
export interface Statistic {
  /** Takes in a batch's value. */
  observe(value: tf.Tensor): void;
  /** The estimate now; a moving average is divided by the total weight it has seen. */
  estimate(): tf.Tensor;
}

/**
 * `S ← (1 − ρ)S + ρ·S_batch` from zero, estimate `S / (1 − (1 − ρ)ᵗ)`; with statistics `batch`, the
 * last batch's value.
 */
export function statistic(
  state: OptimizerState,
  name: string,
  shape: number[],
  { statistics, emaRate }: StatisticHyperparameters,
): Statistic {
  const average = state.tensor(name, () => tf.zeros(shape));
  if (statistics === "batch") {
    return { observe: (value) => average.assign(value), estimate: () => average };
  }
  const updates = state.number(`${name}.updates`, 0);
  return {
    observe: (value) => {
      average.assign(tf.add(tf.mul(average, 1 - emaRate), tf.mul(value, emaRate)));
      updates.value++;
    },
    estimate: () => tf.div(average, 1 - (1 - emaRate) ** updates.value),
  };
}
