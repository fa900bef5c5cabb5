/** @file BFGS updates of inverse estimates, as graph values. Vectors are columns `[d, 1]`. */
import * as tf from "@tensorflow/tfjs-core";

/** A step and what the gradient did along it. */
export interface SecantPair {
  readonly s: tf.Tensor2D;
  readonly y: tf.Tensor2D;
}

/** `aᵀb`, a scalar. */
export const inner = (a: tf.Tensor, b: tf.Tensor): tf.Scalar => tf.sum(tf.mul(a, b));

/**
 * `H + (sᵀy + yᵀHy)/(sᵀy)²·ssᵀ − (Hysᵀ + s(Hy)ᵀ)/sᵀy`, as symmetric as H is: it maps y to s. H stays
 * where `sᵀy ≤ least` (a scalar, 0 or more), or where the result is not finite; `updated` says which.
 *
 * Computed as `H + (usᵀ + suᵀ)` with `u = (sᵀy + yᵀHy)/2(sᵀy)²·s − Hy/sᵀy`: few passes over d² numbers,
 * and no transpose, since both products are rounded alike.
 */
export function bfgsUpdate(
  h: tf.Tensor2D,
  { s, y }: SecantPair,
  least: tf.Tensor | number = 0,
): { inverse: tf.Tensor2D; updated: tf.Scalar } {
  const hy = tf.matMul<tf.Tensor2D>(h, y);
  const sy = inner(s, y);
  const growth = tf.div(tf.add(sy, inner(y, hy)), tf.square(sy));
  const u = tf.sub<tf.Tensor2D>(tf.mul(s, tf.mul(growth, 0.5)), tf.div(hy, sy));
  const product = (a: tf.Tensor, b: tf.Tensor) => tf.mul(a, tf.reshape(b, [1, -1]));
  const next = tf.add<tf.Tensor2D>(h, tf.add(product(u, s), product(s, u)));
  const usable = tf.greater(sy, least);
  const updated = tf.logicalAnd(usable, tf.isFinite(tf.sum(next))) as tf.Scalar;
  return { inverse: tf.where(updated, next, h), updated };
}

/**
 * Double damping (Goldfarb et al. 2020): (i) Powell's, `s ← τs + (1 − τ)Hy` where `sᵀy < .2·yᵀHy`;
 * (ii) `y ← τy + (1 − τ)s` where `sᵀy < α·sᵀs`. After (i) `sᵀy = .2·yᵀHy`, after (ii) `sᵀy = α·sᵀs`.
 */
export function doubleDamping(h: tf.Tensor2D, { s, y }: SecantPair, alpha: number): SecantPair {
  const hy = tf.matMul<tf.Tensor2D>(h, y);
  const q = inner(y, hy);
  const sy = inner(s, y);
  const away = tf.div(tf.mul(q, 0.8), tf.sub(q, sy));
  const powell = tf.where(tf.less(sy, tf.mul(q, 0.2)), away, tf.onesLike(sy));
  const dampedS = blend(s, hy, powell);
  const ss = inner(dampedS, dampedS);
  const dampedSy = inner(dampedS, y);
  const towards = tf.div(tf.mul(ss, 1 - alpha), tf.sub(ss, dampedSy));
  const short = tf.less(dampedSy, tf.mul(ss, alpha));
  const dampedY = blend(y, dampedS, tf.where(short, towards, tf.onesLike(sy)));
  return { s: dampedS, y: dampedY };
}

/** `τa + (1 − τ)b` */
const blend = (a: tf.Tensor2D, b: tf.Tensor2D, tau: tf.Tensor): tf.Tensor2D =>
  tf.add(tf.mul(a, tau), tf.mul(b, tf.sub(1, tau)));

/** The identity, made by the backend: no d² numbers cross from JavaScript. */
export function identity(order: number): tf.Tensor2D {
  const index = tf.range(0, order, 1, "int32");
  const onDiagonal = tf.equal(tf.reshape(index, [1, order]), tf.reshape(index, [order, 1]));
  return tf.cast<tf.Tensor2D>(onDiagonal as tf.Tensor2D, "float32");
}
