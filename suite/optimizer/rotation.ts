/** @file Tensors in other orthogonal bases, one per axis. */
import * as tf from "@tensorflow/tfjs-core";

/** An orthogonal `[d, d]`, columns its basis, for some axes of size d. */
export type AxisBases = ReadonlyMap<number, tf.Tensor2D>;

/** The axes of a tensor that get a basis: all up to a size, where there are two or more. */
export function basisAxes(shape: readonly number[], maxDimension: number): number[] {
  return shape.flatMap((size, axis) => (shape.length > 1 && size <= maxDimension ? [axis] : []));
}

/** Into the bases, along each axis by `Qᵀ`; or `back`, by Q. */
export function rotate(x: tf.Tensor, bases: AxisBases, back = false): tf.Tensor {
  let turned = x;
  for (const [axis, basis] of bases) turned = alongAxis(turned, basis, axis, !back);
  return turned;
}

/** `y_…i… = Σ_j M_ij x_…j…` along one axis; with Mᵀ where `transposed`. */
function alongAxis(
  x: tf.Tensor,
  matrix: tf.Tensor2D,
  axis: number,
  transposed: boolean,
): tf.Tensor {
  const size = x.shape[axis] as number;
  const before = x.shape.slice(0, axis).reduce((product, d) => product * d, 1);
  const after = x.size / size / before;
  if (after === 1) {
    const rows = tf.reshape<tf.Rank.R2>(x, [before, size]);
    return tf.reshape(tf.matMul(rows, matrix, false, !transposed), x.shape);
  }
  if (before === 1) {
    const columns = tf.reshape<tf.Rank.R2>(x, [size, after]);
    return tf.reshape(tf.matMul(matrix, columns, transposed, false), x.shape);
  }
  const one = tf.reshape<tf.Rank.R3>(matrix, [1, size, size]);
  const parts = tf.reshape<tf.Rank.R3>(x, [before, size, after]);
  return tf.reshape(tf.matMul(one, parts, transposed, false), x.shape);
}
