/** @file Clipping by global norm. */
import * as tf from "@tensorflow/tfjs-core";

/** Square root of the sum of squares over all tensors. */
export function globalNorm(tensors: readonly tf.Tensor[]): tf.Scalar {
  return tf.sqrt(tf.addN(tensors.map((x) => tf.sum(tf.square(x))))) as tf.Scalar;
}

/**
 * `min(1, c/(‖g‖ + 1e-6))`, as PyTorch's `clip_grad_norm_`; and whether it is below 1, as 0 or 1.
 * Both stay graph values.
 */
export function clipFactor(
  gradients: readonly tf.Tensor[],
  clipNorm: number,
): { factor: tf.Scalar; clipped: tf.Scalar } {
  const ratio = tf.div(clipNorm, tf.add(globalNorm(gradients), 1e-6));
  return {
    factor: tf.minimum(ratio, 1) as tf.Scalar,
    clipped: tf.cast(tf.less(ratio, 1), "float32") as tf.Scalar,
  };
}
