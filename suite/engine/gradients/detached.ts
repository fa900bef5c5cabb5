/** @file Values that a gradient takes for constants. */
import * as tf from "@tensorflow/tfjs-core";

/** True where what runs now will itself be differentiated. */
export function isRecording(): boolean {
  return tf.engine().state.gradientDepth > 0;
}

/**
 * Runs `compute` off the tape: gradients of every order take its result for a constant. For masks,
 * and for the maximum that a softmax is shifted by. Costs nothing in the backward pass.
 */
export function detached<T extends tf.Tensor>(compute: () => T): T {
  if (!isRecording()) return tf.tidy(compute);
  // A custom gradient without inputs is a tape node that depends on nothing.
  const constant = tf.customGrad(() => ({ value: compute(), gradFunc: () => [] }));
  return constant() as T;
}

/** Where `condition` holds as 1, elsewhere 0, as a constant. */
export function mask(condition: () => tf.Tensor): tf.Tensor {
  return detached(() => tf.cast(condition(), "float32"));
}

/** Sums a gradient over the axes along which its input of `shape` was broadcast. */
export function sumToShape(gradient: tf.Tensor, shape: number[]): tf.Tensor {
  const axes = tf.broadcast_util.getReductionAxes(shape, gradient.shape);
  return tf.reshape(axes.length > 0 ? tf.sum(gradient, axes) : gradient, shape);
}
