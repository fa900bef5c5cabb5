/** @file Products with upper triangular matrices: of large ones the zero half is left out. */
import * as tf from "@tensorflow/tfjs-core";
import { requireShape, squareOrder } from "./check.ts";

/** Below it one product takes no longer than its parts. */
const SMALLEST = { product: 1024, ofBoth: 512 } as const;
/** Rows or columns of a part: narrower ones lose more in the kernels than their zeros save. */
const PART = { product: 512, ofBoth: 256 } as const;
/** Rows that the products' kernels take at once. */
const TILE = 16;

export interface UpperForm {
  readonly transpose?: boolean;
  /** Where U stands. */
  readonly side?: "left" | "right";
}

/** `op(U) X` or `X op(U)` for U `[n, n]`, zero below its diagonal; op transposes if `transpose`. */
export function upperProduct(
  upper: tf.Tensor2D,
  x: tf.Tensor2D,
  { transpose = false, side = "left" }: UpperForm = {},
): tf.Tensor2D {
  const n = squareOrder(upper, "upperProduct");
  const left = side === "left";
  requireShape(x, left ? [n, x.shape[1]] : [x.shape[0], n], "upperProduct: x");
  const times = (u: tf.Tensor2D, y: tf.Tensor2D): tf.Tensor2D =>
    left ? tf.matMul(u, y, transpose, false) : tf.matMul(y, u, false, transpose);
  if (n < SMALLEST.product) return times(upper, x);
  const axis = left ? 0 : 1;
  return tf.tidy(() => {
    const parts = ranges(n).map(([from, to]) =>
      // Rows of U from the diagonal on, or columns down to it.
      left !== transpose
        ? times(tf.slice2d(upper, [from, from], [to - from, n - from]), between(x, axis, from, n))
        : times(tf.slice2d(upper, [0, from], [to, to - from]), between(x, axis, 0, to)),
    );
    return tf.concat2d(parts, axis);
  });
}

/** `U V` of two matrices `[n, n]` that are zero below their diagonals. */
export function upperTimesUpper(u: tf.Tensor2D, v: tf.Tensor2D): tf.Tensor2D {
  const n = squareOrder(u, "upperTimesUpper");
  requireShape(v, [n, n], "upperTimesUpper: v");
  return n < SMALLEST.ofBoth ? tf.matMul(u, v) : tf.tidy(() => inQuarters(u, v));
}

/** `[[U₁₁V₁₁, [U₁₁ U₁₂][V₁₂; V₂₂]], [0, U₂₂V₂₂]]` */
function inQuarters(u: tf.Tensor2D, v: tf.Tensor2D): tf.Tensor2D {
  const n = u.shape[0];
  if (n <= PART.ofBoth) return tf.matMul(u, v);
  const h = tiled(n / 2);
  const block = (x: tf.Tensor2D, from: number, size: number) =>
    tf.slice2d(x, [from, from], [size, size]);
  const corner = tf.matMul<tf.Tensor2D>(
    tf.slice2d(u, [0, 0], [h, n]),
    tf.slice2d(v, [0, h], [n, n - h]),
  );
  const top = tf.concat2d([inQuarters(block(u, 0, h), block(v, 0, h)), corner], 1);
  const last = inQuarters(block(u, h, n - h), block(v, h, n - h));
  return tf.concat2d(
    [
      top,
      tf.pad2d(last, [
        [0, 0],
        [h, 0],
      ]),
    ],
    0,
  );
}

function ranges(n: number): [from: number, to: number][] {
  const size = tiled(n / Math.round(n / PART.product));
  return Array.from({ length: Math.ceil(n / size) }, (_, i) => [
    i * size,
    Math.min(n, (i + 1) * size),
  ]);
}

const tiled = (rows: number): number => Math.ceil(rows / TILE) * TILE;

function between(x: tf.Tensor2D, axis: 0 | 1, from: number, to: number): tf.Tensor2D {
  const [rows, columns] = x.shape;
  return axis === 0
    ? tf.slice2d(x, [from, 0], [to - from, columns])
    : tf.slice2d(x, [0, from], [rows, to - from]);
}
