/** @file Eigendecomposition of a symmetric matrix, in float64. */
import { type Eigen, tridiagonalEigen } from "./divide.ts";
import { timesTransposed } from "./product.ts";
import { type Tridiagonal, tridiagonalize } from "./tridiagonal.ts";

export type { Eigen } from "./divide.ts";

/** Reflectors that are applied together. */
const PANEL = 32;

/**
 * `A = V Λ Vᵀ` for the symmetric A `[n, n]`, of which the lower triangle is read; null where A is
 * not finite. Eigenvalues ascend; in each eigenvector the component of largest magnitude is
 * positive, so that the result is one and the same wherever eigenvalues are distinct. At most 14n³/3
 * FLOPs.
 */
export function symmetricEigen(matrix: ArrayLike<number>, n: number): Eigen | null {
  for (let i = 0; i < n * n; i++) if (!Number.isFinite(matrix[i])) return null;
  const reduced = tridiagonalize(matrix, n);
  const { values, vectors } = tridiagonalEigen(reduced.diagonal, reduced.offDiagonal);
  applyReflectors(reduced, vectors, n);
  fixSigns(vectors, n);
  return { values, vectors };
}

/** `Z ← Q Z`, a panel of reflectors at a time: `H_a ⋯ H_b = I − V T Vᵀ`. */
function applyReflectors({ reflectors, scales }: Tridiagonal, z: Float64Array, n: number): void {
  for (let end = n - 1; end > 0; end -= PANEL) {
    const begin = Math.max(0, end - PANEL);
    const count = end - begin;
    const height = n - begin;
    // Rows of `panel` are the v of this panel, from row `begin` on.
    const panel = new Float64Array(count * height);
    for (let j = 0; j < count; j++) {
      const from = (begin + j) * n + begin;
      panel.set(reflectors.subarray(from, from + height), j * height);
    }
    const t = triangularFactor(panel, scales.subarray(begin, end), count, height);
    const below = transposeRows(z, begin, n);
    const projected = timesTransposed(below, n, panel, count, height);
    const mixed = timesTransposed(projected, n, t, count, count);
    subtractProduct(z, begin, n, panel, mixed, count, height);
  }
}

/** The upper triangular T of `I − V T Vᵀ`, `[count, count]`. */
function triangularFactor(
  panel: Float64Array,
  scales: Float64Array,
  count: number,
  height: number,
): Float64Array {
  const gram = timesTransposed(panel, count, panel, count, height);
  const t = new Float64Array(count * count);
  for (let j = 0; j < count; j++) {
    const tau = scales[j] as number;
    t[j * count + j] = tau;
    for (let i = 0; i < j; i++) {
      let sum = 0;
      for (let k = i; k < j; k++) {
        sum += (t[i * count + k] as number) * (gram[k * count + j] as number);
      }
      t[i * count + j] = -tau * sum;
    }
  }
  return t;
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
  count: number,
  height: number,
): void {
  const columns = new Float64Array(height * count);
  for (let j = 0; j < count; j++) {
    for (let i = 0; i < height; i++) columns[i * count + j] = panel[j * height + i] as number;
  }
  const change = timesTransposed(columns, height, mixed, n, count);
  for (let i = 0; i < height * n; i++) {
    z[begin * n + i] = (z[begin * n + i] as number) - (change[i] as number);
  }
}

function fixSigns(vectors: Float64Array, n: number): void {
  for (let j = 0; j < n; j++) {
    let largest = 0;
    for (let i = 0; i < n; i++) {
      const value = vectors[i * n + j] as number;
      // Ties within rounding go to the first, so that every backend chooses alike.
      if (Math.abs(value) > Math.abs(largest) * (1 + 1e-5)) largest = value;
    }
    if (largest >= 0) continue;
    for (let i = 0; i < n; i++) vectors[i * n + j] = -(vectors[i * n + j] as number);
  }
}
