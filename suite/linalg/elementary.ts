/** @file Small things done to matrices, in tfjs operations. */
import * as tf from "@tensorflow/tfjs-core";
import { squareOrder } from "./check.ts";

/** `(A + Aᵀ)/2`, `[d, d]`. */
export function symmetrize(matrix: tf.Tensor2D): tf.Tensor2D {
  squareOrder(matrix, "symmetrize");
  return tf.tidy(() => tf.mul(tf.add(matrix, tf.transpose(matrix)), 0.5));
}

/** The sum of the diagonal, a scalar. */
export function trace(matrix: tf.Tensor2D): tf.Scalar {
  const d = squareOrder(matrix, "trace");
  // Every (d + 1)-th element of the matrix read row by row is on the diagonal.
  return tf.tidy(() => tf.sum(tf.stridedSlice(tf.reshape(matrix, [d * d]), [0], [d * d], [d + 1])));
}

/** `√(Σ aᵢⱼ²)`, a scalar. */
export function frobenius(matrix: tf.Tensor): tf.Scalar {
  return tf.tidy(() => tf.sqrt(tf.sum(tf.square(matrix))) as tf.Scalar);
}

/** The upper triangle, zero below the diagonal, `[d, d]`. NaN below it becomes zero. */
export function triu(matrix: tf.Tensor2D): tf.Tensor2D {
  const d = squareOrder(matrix, "triu");
  return tf.tidy(() => {
    const index = tf.range(0, d, 1, "int32");
    const upper = tf.greaterEqual(tf.reshape(index, [1, d]), tf.reshape(index, [d, 1]));
    return tf.where(upper, matrix, tf.zerosLike(matrix)) as tf.Tensor2D;
  });
}
