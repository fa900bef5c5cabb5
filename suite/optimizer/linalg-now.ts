import * as tf from "@tensorflow/tfjs-core";
export function trace(x: tf.Tensor2D): tf.Scalar {
  return tf.sum(tf.mul(x, tf.eye(x.shape[0]))) as tf.Scalar;
}
