/** @file Eigendecomposition of a symmetric matrix, in float64. */
import { tridiagonalEigen } from "./divide.ts";
import { timesTransposed } from "./product.ts";
import type { Eigen } from "./ql.ts";
import { type Tridiagonal, tridiagonalize } from "./tridiagonal.ts";

/** Reflectors that are applied together. */
export const PANEL = 32;

/**
 * `A = V Λ Vᵀ` for the symmetric A `[n, n]`, of which the lower triangle is read; null where A is
 * not finite. Eigenvalues ascend; in each eigenvector the component of largest magnitude (the first
 * within 1e-5 of it) is positive, so that the result is one and the same wherever eigenvalues are
 * distinct. At most 14n³/3 FLOPs.
 */
export function symmetricEigen(matrix: ArrayLike<number>, n: number): Eigen | null {
  const reduced = reducedEigen(matrix, n);
  if (reduced === null) return null;
  const { values, vectors, reflectors, factors } = reduced;
  applyReflectors(reflectors, factors, vectors, n);
  fixSigns(vectors, n);
  return { values, vectors };
}

/** An eigendecomposition whose vectors still are those of the tridiagonal form: V = Q·vectors. */
export interface ReducedEigen extends Eigen {
  /** Row k holds the reflector v of column k, `[n, n]`. */
  readonly reflectors: Float64Array;
  /** T of each panel of reflectors, `[panels, PANEL, PANEL]`: `H_a ⋯ H_b = I − V T Vᵀ`. */
  readonly factors: Float64Array;
}

/** All of `symmetricEigen` but its last 2n³ FLOPs, which are products; null where A is not finite. */
export function reducedEigen(matrix: ArrayLike<number>, n: number): ReducedEigen | null {
  for (let i = 0; i < n * n; i++) if (!Number.isFinite(matrix[i])) return null;
  const reduced = tridiagonalize(matrix, n);
  const eigen = tridiagonalEigen(reduced.diagonal, reduced.offDiagonal);
  return { ...eigen, reflectors: reduced.reflectors, factors: panelFactors(reduced, n) };
}

/** Number of panels of the n − 1 reflectors. */
export function panelCount(n: number): number {
  return Math.ceil((n - 1) / PANEL);
}

function panelFactors({ reflectors, scales }: Tridiagonal, n: number): Float64Array {
  const factors = new Float64Array(panelCount(n) * PANEL * PANEL);
  for (let index = 0; index < panelCount(n); index++) {
    const begin = index * PANEL;
    const count = Math.min(PANEL, n - 1 - begin);
    const panel = reflectors.subarray(begin * n, (begin + count) * n);
    const gram = timesTransposed(panel, count, panel, count, n);
    const t = factors.subarray(index * PANEL * PANEL, (index + 1) * PANEL * PANEL);
    for (let j = 0; j < count; j++) {
      const tau = scales[begin + j] as number;
      t[j * PANEL + j] = tau;
      for (let i = 0; i < j; i++) {
        let sum = 0;
        for (let k = i; k < j; k++) {
          sum += (t[i * PANEL + k] as number) * (gram[k * count + j] as number);
        }
        t[i * PANEL + j] = -tau * sum;
      }
    }
  }
  return factors;
}

/** `Z ← Q Z`, a panel of reflectors at a time, from the last. */
function applyReflectors(
  reflectors: Float64Array,
  factors: Float64Array,
  z: Float64Array,
  n: number,
): void {
  for (let index = panelCount(n) - 1; index >= 0; index--) {
    const begin = index * PANEL;
    const count = Math.min(PANEL, n - 1 - begin);
    const height = n - begin;
    // Rows of `panel` are the v of this panel, from row `begin` on.
    const panel = new Float64Array(PANEL * height);
    for (let j = 0; j < count; j++) {
      const from = (begin + j) * n + begin;
      panel.set(reflectors.subarray(from, from + height), j * height);
    }
    const t = factors.subarray(index * PANEL * PANEL, (index + 1) * PANEL * PANEL);
    const below = transposeRows(z, begin, n);
    const projected = timesTransposed(below, n, panel, PANEL, height);
    const mixed = timesTransposed(projected, n, t, PANEL, PANEL);
    subtractProduct(z, begin, n, panel, mixed, height);
  }
}

/** Columns of Z below row `begin`, as rows: `[n, n − begin]`. */
function transposeRows(z: Float64Array, begin: number, n: number): Float64Array {
  const height = n - begin;
  const result = new Float64Array(n * height);
  for (let i = begin; i < n; i++) {
    for (let j = 0; j < n; j++) result[j * height + i - begin] = z[i * n + j] as number;
  }
  return result;
}

/** `Z ← Z − V mixedᵀ`, below row `begin`. */
function subtractProduct(
  z: Float64Array,
  begin: number,
  n: number,
  panel: Float64Array,
  mixed: Float64Array,
  height: number,
): void {
  const columns = new Float64Array(height * PANEL);
  for (let j = 0; j < PANEL; j++) {
    for (let i = 0; i < height; i++) columns[i * PANEL + j] = panel[j * height + i] as number;
  }
  const change = timesTransposed(columns, height, mixed, n, PANEL);
  for (let i = 0; i < height * n; i++) {
    z[begin * n + i] = (z[begin * n + i] as number) - (change[i] as number);
  }
}

/** Components this close to the largest tie with it: rounding must not choose between them. */
export const SIGN_TIE = 1 - 1e-5;

function fixSigns(vectors: Float64Array, n: number): void {
  for (let j = 0; j < n; j++) {
    let largest = 0;
    for (let i = 0; i < n; i++) largest = Math.max(largest, Math.abs(vectors[i * n + j] as number));
    let first = 0;
    while (Math.abs(vectors[first * n + j] as number) < SIGN_TIE * largest) first++;
    if ((vectors[first * n + j] as number) >= 0) continue;
    for (let i = 0; i < n; i++) vectors[i * n + j] = -(vectors[i * n + j] as number);
  }
}
