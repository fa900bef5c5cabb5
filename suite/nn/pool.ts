/** @file Pooling over NHWC images. */
import * as tf from "@tensorflow/tfjs-core";

/** Largest value of each `side`×`side` window, zeros' padding left out, as PyTorch's `max_pool2d`. */
export function maxPool(x: tf.Tensor4D, side: number, stride: number): tf.Tensor4D {
  return tf.maxPool(x, side, stride, "valid");
}

/** Mean of each `side`×`side` window, as PyTorch's `avg_pool2d`. */
export function averagePool(x: tf.Tensor4D, side: number, stride: number): tf.Tensor4D {
  return tf.avgPool(x, side, stride, "valid");
}

/** Mean over height and width: `[n, h, w, channels]` to `[n, channels]`. */
export function globalAveragePool(x: tf.Tensor): tf.Tensor2D {
  return tf.mean(x, [1, 2]);
}
