/**
 * @file Cholesky factors and what follows from them, in float64 JavaScript: the oracle of every
 * backend, and the leaf of the recursions that run elsewhere. Matrices are row-major `[d, d]`.
 */

import { dot } from "./product.ts";

/** Largest float32: a float64 result beyond it would become infinite as a tensor. */
const FLOAT32_MAX = 3.4028234663852886e38;

/**
 * Lower L with `L Lᵀ = A`, from A's lower triangle; null where A is not positive definite or not
 * finite. d³/3 FLOPs.
 */
export function choleskyFactor(a: ArrayLike<number>, d: number): Float64Array | null {
  const l = new Float64Array(d * d);
  for (let i = 0; i < d; i++) {
    for (let j = 0; j <= i; j++) {
      const rest = (a[i * d + j] as number) - dot(l, i * d, l, j * d, j);
      if (j < i) l[i * d + j] = rest / (l[j * d + j] as number);
      else if (rest > 0 && rest < Number.POSITIVE_INFINITY) l[i * d + i] = Math.sqrt(rest);
      else return null;
    }
  }
  return l;
}

/** Inverse of a lower triangle without zeros on its diagonal, lower as well. d³/3 FLOPs. */
export function invertLower(l: Float64Array, d: number): Float64Array {
  // Row i of the inverse is a combination of the rows above it, so memory is read in order.
  const inverse = new Float64Array(d * d);
  for (let i = 0; i < d; i++) {
    const pivot = 1 / (l[i * d + i] as number);
    for (let k = 0; k < i; k++) {
      const factor = -(l[i * d + k] as number) * pivot;
      if (factor === 0) continue;
      for (let j = 0; j <= k; j++) {
        inverse[i * d + j] =
          (inverse[i * d + j] as number) + factor * (inverse[k * d + j] as number);
      }
    }
    inverse[i * d + i] = pivot;
  }
  return inverse;
}

/** `A⁻¹ = L⁻ᵀ L⁻¹` of a symmetric positive definite A; null where it is not, or overflows. d³ FLOPs. */
export function spdInverse(a: ArrayLike<number>, d: number): Float64Array | null {
  const l = choleskyFactor(a, d);
  if (l === null) return null;
  const m = invertLower(l, d);
  const inverse = new Float64Array(d * d);
  for (let k = 0; k < d; k++) {
    for (let i = 0; i <= k; i++) {
      const factor = m[k * d + i] as number;
      if (factor === 0) continue;
      for (let j = 0; j <= i; j++) {
        inverse[i * d + j] = (inverse[i * d + j] as number) + factor * (m[k * d + j] as number);
      }
    }
  }
  mirrorLower(inverse, d);
  return inverse.every(fitsFloat32) ? inverse : null;
}

/** Copies the lower triangle over the upper one. */
function mirrorLower(a: Float64Array, d: number): void {
  for (let i = 0; i < d; i++) {
    for (let j = 0; j < i; j++) a[j * d + i] = a[i * d + j] as number;
  }
}

/** False for NaN, infinities and what would become infinite as a float32. */
export function fitsFloat32(value: number): boolean {
  return Math.abs(value) <= FLOAT32_MAX;
}
