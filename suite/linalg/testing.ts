/** @file Matrices with known spectra, and measures of error, for the tests of this folder. */
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { symmetricEigen } from "../engine/custom/dense/eigen.ts";
import { timesTransposed } from "../engine/custom/dense/product.ts";
import { qrFactors } from "../engine/custom/dense/qr.ts";

export const BACKENDS = ["reference", "onnxruntime"] as const;
export const PRECISIONS = ["float32", "float64"] as const;
/** Around the sizes at which graphs take another shape. */
export const ORDERS = [1, 3, 64, 150];
export const order = fc.constantFrom(...ORDERS);
export const seed = fc.integer({ min: 0, max: 1e9 });

/** Uniform numbers in [−0.5, 0.5). */
export function uniforms(count: number, seed: number): Float64Array {
  let state = seed >>> 0;
  return Float64Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32 - 0.5;
  });
}

/** A symmetric matrix with these eigenvalues and random eigenvectors, rounded to float32. */
export function withSpectrum(values: readonly number[], seed: number): tf.Tensor2D {
  const n = values.length;
  const { q } = qrFactors(uniforms(n * n, seed), n, n) as { q: Float64Array };
  const scaled = q.map((value, at) => value * (values[at % n] as number));
  const product = timesTransposed(scaled, n, q, n, n);
  const symmetric = product.map((value, at) => {
    const [i, j] = [Math.floor(at / n), at % n];
    return (value + (product[j * n + i] as number)) / 2;
  });
  return tf.tensor2d(Float32Array.from(symmetric), [n, n]);
}

/**
 * A symmetric matrix `[n, n]` with these eigenvalues, in n² operations: `H D H` for the reflection
 * H = I − 2uuᵀ of this seed. One seed, one H: a power of the matrix is that of powers.
 */
export function reflected(values: readonly number[], seed: number): Float64Array {
  const n = values.length;
  const direction = uniforms(n, seed);
  const norm = Math.hypot(...direction);
  const u = direction.map((x) => x / norm);
  const top = values.reduce((sum, value, i) => sum + value * (u[i] as number) ** 2, 0);
  return Float64Array.from({ length: n * n }, (_, at) => {
    const [i, j] = [Math.floor(at / n), at % n];
    const [di, dj] = [values[i] as number, values[j] as number];
    const outer = (u[i] as number) * (u[j] as number);
    return (i === j ? di : 0) + outer * (4 * top - 2 * (di + dj));
  });
}

/** n eigenvalues from 1 down to 1/condition, evenly spaced in their logarithm. */
export function geometric(n: number, condition: number): number[] {
  return Array.from({ length: n }, (_, i) => condition ** (-i / Math.max(1, n - 1)));
}

/** `(S + shift·I)^power` in float64. */
export function powerOf(matrix: tf.Tensor2D, power: number, shift: number): Float64Array {
  const n = matrix.shape[0];
  const { values, vectors } = symmetricEigen(matrix.dataSync(), n) as {
    values: Float64Array;
    vectors: Float64Array;
  };
  const scaled = vectors.map((value, at) => value * ((values[at % n] as number) + shift) ** power);
  return timesTransposed(scaled, n, vectors, n, n);
}

/** `‖actual − expected‖ / ‖expected‖`, Frobenius. */
export function relativeError(actual: tf.Tensor, expected: ArrayLike<number>): number {
  const values = actual.dataSync();
  let [error, size] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    error += ((values[i] as number) - (expected[i] as number)) ** 2;
    size += (expected[i] as number) ** 2;
  }
  return Math.sqrt(error / size);
}

/** Relative error that an inverse, or a solution, of this condition may have. */
export function rounding(
  backend: (typeof BACKENDS)[number],
  precision: (typeof PRECISIONS)[number],
  condition: number,
): number {
  const exact = backend === "reference" || precision === "float64";
  return 4e-7 + (exact ? 0 : 1e-7 * condition);
}

/** The value of a scalar. */
export function read(scalar: tf.Tensor): number {
  return scalar.dataSync()[0] as number;
}
