/** @file Products of a matrix with its own transpose. */
import * as tf from "@tensorflow/tfjs-core";

/** Blocks of up to so many rows are one product. */
const BLOCK = 256;
/** Rows that the products' kernels take at once. */
const TILE = 16;
/** Smaller products cost less than copying their blocks together. */
const SMALLEST = { order: 1024, inner: 2048 } as const;

/**
 * Inner products of the rows of x (`x xᵀ`) or of its columns (`xᵀ x`). Of large ones only what is on
 * and below the diagonal is multiplied, and mirrored: a third less time, and on one thread the same bits.
 */
export function gram(x: tf.Tensor2D, of: "rows" | "columns"): tf.Tensor2D {
  const [order, inner] = of === "rows" ? x.shape : [x.shape[1], x.shape[0]];
  if (order < SMALLEST.order || inner < SMALLEST.inner) return products(x, x, of);
  return tf.tidy(() => inBlocks(x, of));
}

function inBlocks(x: tf.Tensor2D, of: "rows" | "columns"): tf.Tensor2D {
  const axis = of === "rows" ? 0 : 1;
  const order = x.shape[axis];
  if (order <= BLOCK) return products(x, x, of);
  // Even halves: of narrow blocks the kernels split the sums otherwise, to other bits.
  const half = Math.ceil(order / 2 / TILE) * TILE;
  const [near, far] = tf.split(x, [half, order - half], axis) as [tf.Tensor2D, tf.Tensor2D];
  const below = products(far, near, of);
  const upper = tf.concat2d([inBlocks(near, of), tf.transpose(below)], 1);
  return tf.concat2d([upper, tf.concat2d([below, inBlocks(far, of)], 1)], 0);
}

const products = (x: tf.Tensor2D, y: tf.Tensor2D, of: "rows" | "columns"): tf.Tensor2D =>
  tf.matMul(x, y, of === "columns", of === "rows");
