/** @file QR factors by Householder reflections, in float64. */
import { dot, transposed } from "./product.ts";

export interface QrFactors {
  /** Orthonormal columns, `[m, n]`. */
  readonly q: Float64Array;
  /** Upper triangular with a diagonal ≥ 0, `[n, n]`. */
  readonly r: Float64Array;
}

/**
 * `A = Q R` for A `[m, n]`, m ≥ n; null where A is not finite. Columns that depend on earlier ones
 * get zeros on R's diagonal; Q's columns are orthonormal all the same. 4mn² FLOPs.
 */
export function qrFactors(matrix: ArrayLike<number>, m: number, n: number): QrFactors | null {
  for (let i = 0; i < m * n; i++) if (!Number.isFinite(matrix[i])) return null;
  // Rows of `a` are A's columns, so that memory is read in order.
  const a = transposed(matrix, m, n);
  const v = new Float64Array(n * m);
  const r = new Float64Array(n * n);
  for (let k = 0; k < n; k++) {
    r[k * n + k] = makeReflector(a, v, k, m);
    for (let j = k + 1; j < n; j++) reflect(v, k * m, a, j * m, k, m);
    for (let j = 0; j < k; j++) r[j * n + k] = a[k * m + j] as number;
  }
  const q = new Float64Array(n * m);
  for (let k = 0; k < n; k++) q[k * m + k] = 1;
  for (let k = n - 1; k >= 0; k--) {
    for (let j = k; j < n; j++) reflect(v, k * m, q, j * m, k, m);
  }
  for (let k = 0; k < n; k++) {
    if ((r[k * n + k] as number) >= 0) continue;
    for (let j = k; j < n; j++) r[k * n + j] = -(r[k * n + j] as number);
    for (let i = 0; i < m; i++) q[k * m + i] = -(q[k * m + i] as number);
  }
  return { q: transposed(q, n, m), r };
}

/** Writes v, of norm √2 or 0, such that `I − v vᵀ` maps column k to (value, 0, ...); returns value. */
function makeReflector(a: Float64Array, v: Float64Array, k: number, m: number): number {
  const row = k * m;
  let scale = 0;
  for (let i = k; i < m; i++) scale = Math.max(scale, Math.abs(a[row + i] as number));
  if (scale === 0) return 0;
  for (let i = k; i < m; i++) v[row + i] = (a[row + i] as number) / scale;
  const norm = Math.sqrt(dot(v, row + k, v, row + k, m - k));
  const head = v[row + k] as number;
  const value = head > 0 ? -norm : norm;
  v[row + k] = head - value;
  const size = Math.sqrt(norm * (norm + Math.abs(head)));
  for (let i = k; i < m; i++) v[row + i] = (v[row + i] as number) / size;
  return value * scale;
}

/** `x ← x − v (vᵀx)`, from index `start` on. */
function reflect(
  v: Float64Array,
  vRow: number,
  x: Float64Array,
  xRow: number,
  start: number,
  m: number,
): void {
  const factor = dot(v, vRow + start, x, xRow + start, m - start);
  if (factor === 0) return;
  for (let i = start; i < m; i++) {
    x[xRow + i] = (x[xRow + i] as number) - factor * (v[vRow + i] as number);
  }
}
