/**
 * @file The kernels that tfjs lacks: their names, inputs, attributes and outputs, which every
 * backend's registration follows. Failure is a value among the outputs, never NaN that spreads.
 *
 * | kernel | inputs | outputs |
 * | --- | --- | --- |
 * | SpdInverse | matrix [d, d], damping [], previous [d, d]? | inverse [d, d], retries int32 [] |
 */
import * as tf from "@tensorflow/tfjs-core";

/** In which arithmetic a kernel works inside; tensors themselves are always float32. */
export type Precision = "float32" | "float64";

export const SPD_INVERSE = "SpdInverse";

/** `retries` of SpdInverse: dampings tried after the first, or KEPT_PREVIOUS. */
export const MAX_RETRIES = 6;
/** None of the dampings worked: the inverse is the previous one, or the identity without one. */
export const KEPT_PREVIOUS = MAX_RETRIES + 1;
/** Smallest damping of a retry, relative to the mean eigenvalue tr(S)/d. */
export const RETRY_FLOOR = 1e-7;

/** Runs a kernel of this file on the current backend. */
export function runCustomKernel(
  name: string,
  inputs: Record<string, tf.Tensor>,
  attributes: Record<string, string | number | boolean>,
): tf.Tensor[] {
  const outputs = tf.engine().runKernel(name, inputs, attributes) as tf.Tensor | tf.Tensor[];
  return Array.isArray(outputs) ? outputs : [outputs];
}
