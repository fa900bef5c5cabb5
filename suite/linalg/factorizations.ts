/** @file Cholesky and QR factors, and triangular systems. */
import type * as tf from "@tensorflow/tfjs-core";
import type { TriangularForm } from "../engine/custom/dense/triangular.ts";
import {
  CHOLESKY,
  type Precision,
  QR,
  runCustomKernel,
  TRIANGULAR_SOLVE,
} from "../engine/custom/kernels.ts";
import { requireShape, squareOrder } from "./check.ts";

export interface PrecisionOption {
  /** Arithmetic inside, where the backend has a choice. Default `float32`. */
  readonly precision?: Precision;
}

export interface Cholesky {
  /** Lower triangular L, `[d, d]`; the identity where `ok` is false. */
  readonly factor: tf.Tensor2D;
  /** bool scalar: whether the matrix was positive definite and finite. Never read back here. */
  readonly ok: tf.Scalar;
}

/** L with `L Lᵀ = S` for a symmetric positive definite S `[d, d]`. d³/3 FLOPs. */
export function cholesky(
  matrix: tf.Tensor2D,
  { precision = "float32" }: PrecisionOption = {},
): Cholesky {
  squareOrder(matrix, "cholesky");
  const [factor, ok] = runCustomKernel(CHOLESKY, { matrix }, { precision });
  return { factor: factor as tf.Tensor2D, ok: ok as tf.Scalar };
}

export interface Qr {
  /** Orthonormal columns, `[m, n]`; ones on the diagonal where `ok` is false. */
  readonly q: tf.Tensor2D;
  /** Upper triangular with a diagonal ≥ 0, `[n, n]`; zero where `ok` is false. */
  readonly r: tf.Tensor2D;
  /** bool scalar: whether the matrix was finite. */
  readonly ok: tf.Scalar;
}

/**
 * `A = Q R` for A `[m, n]`, m ≥ n, by Householder reflections: Q is orthonormal to rounding even
 * where columns depend on each other (R then has zeros on its diagonal). 4mn² FLOPs.
 */
export function qr(matrix: tf.Tensor2D, { precision = "float32" }: PrecisionOption = {}): Qr {
  const [m, n] = matrix.shape;
  if (matrix.rank !== 2 || n < 1 || m < n) {
    throw new Error(`qr needs a matrix [m, n] with m ≥ n ≥ 1; got [${matrix.shape}].`);
  }
  const [q, r, ok] = runCustomKernel(QR, { matrix }, { precision });
  return { q: q as tf.Tensor2D, r: r as tf.Tensor2D, ok: ok as tf.Scalar };
}

export interface TriangularSolution {
  /** Like the right-hand side; zero where `ok` is false. */
  readonly solution: tf.Tensor2D;
  /** bool scalar: whether the system had a finite solution. */
  readonly ok: tf.Scalar;
}

/**
 * X of `op(T) X = B` (`side: "left"`, B `[n, m]`) or `X op(T) = B` (`"right"`, B `[m, n]`), where op
 * transposes if `transpose` and only the `lower` (or else upper) triangle of T `[n, n]` is read.
 * n²m FLOPs.
 */
export function triangularSolve(
  triangular: tf.Tensor2D,
  rhs: tf.Tensor2D,
  { lower = true, transpose = false, side = "left" }: Partial<TriangularForm> = {},
): TriangularSolution {
  const n = squareOrder(triangular, "triangularSolve");
  const [rows, columns] = rhs.shape;
  const expected = side === "left" ? [n, columns] : [rows, n];
  requireShape(rhs, expected, `triangularSolve: rhs on the ${side} of order ${n}`);
  const [solution, ok] = runCustomKernel(
    TRIANGULAR_SOLVE,
    { triangular, rhs },
    { lower, transpose, side },
  );
  return { solution: solution as tf.Tensor2D, ok: ok as tf.Scalar };
}
