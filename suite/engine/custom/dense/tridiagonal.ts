/** @file Householder reduction of a symmetric matrix to a tridiagonal one, in float64. */
import { dot } from "./product.ts";

/** `A = Q T Qᵀ`, Q = H₁ H₂ ⋯ with reflectors `H = I − τ v vᵀ`. */
export interface Tridiagonal {
  /** Diagonal of T, `[n]`. */
  readonly diagonal: Float64Array;
  /** What stands below it, `[n − 1]`. */
  readonly offDiagonal: Float64Array;
  /** Row k holds the reflector of column k: zeros up to k, then v. `[n, n]`. */
  readonly reflectors: Float64Array;
  /** τ by column. */
  readonly scales: Float64Array;
}

/** Reduces the symmetric A `[n, n]`, of which the lower triangle is read. 4n³/3 FLOPs. */
export function tridiagonalize(matrix: ArrayLike<number>, n: number): Tridiagonal {
  const a = Float64Array.from(matrix);
  const reflectors = new Float64Array(n * n);
  const scales = new Float64Array(n);
  const offDiagonal = new Float64Array(Math.max(0, n - 1));
  const v = new Float64Array(n);
  const w = new Float64Array(n);
  // Dropping less changes nothing; keeping it would lead into denormal numbers.
  const negligible = Number.EPSILON ** 2 * largestMagnitude(a);
  for (let k = 0; k < n - 1; k++) {
    const { value, tau } = reflector(a, n, k, v, negligible);
    offDiagonal[k] = value;
    scales[k] = tau;
    reflectors.set(v.subarray(k + 1), k * n + k + 1);
    if (tau === 0) continue;
    symmetricProduct(a, n, k + 1, v, w);
    // w ← τ(Av − ½τ(vᵀAv)v), so that H A H = A − v wᵀ − w vᵀ.
    const half = 0.5 * tau * dot(v, k + 1, w, k + 1, n - k - 1);
    for (let i = k + 1; i < n; i++) w[i] = tau * ((w[i] as number) - half * (v[i] as number));
    subtractOuter(a, n, k + 1, v, w);
  }
  const diagonal = Float64Array.from({ length: n }, (_, i) => a[i * n + i] as number);
  return { diagonal, offDiagonal, reflectors, scales };
}

function largestMagnitude(a: Float64Array): number {
  let largest = 0;
  for (const value of a) largest = Math.max(largest, Math.abs(value));
  return largest;
}

/** v and τ that map column k below the diagonal to (value, 0, ...). */
function reflector(
  a: Float64Array,
  n: number,
  k: number,
  v: Float64Array,
  negligible: number,
): { value: number; tau: number } {
  let scale = 0;
  for (let i = k + 1; i < n; i++) {
    v[i] = a[i * n + k] as number;
    scale = Math.max(scale, Math.abs(v[i] as number));
  }
  const head = v[k + 1] as number;
  if (scale <= negligible) return { value: 0, tau: 0 };
  let tail = 0;
  for (let i = k + 2; i < n; i++) tail += ((v[i] as number) / scale) ** 2;
  if (tail === 0) return { value: head, tau: 0 };
  const norm = scale * Math.sqrt(tail + (head / scale) ** 2);
  const value = head > 0 ? -norm : norm;
  const pivot = head - value;
  for (let i = k + 2; i < n; i++) v[i] = (v[i] as number) / pivot;
  v[k + 1] = 1;
  return { value, tau: -pivot / value };
}

/** Rows that are worked on together: their chains of additions do not wait for each other. */
const ROWS = 4;

/** `w = A v` from the lower triangle, over indices from `start`. */
function symmetricProduct(
  a: Float64Array,
  n: number,
  start: number,
  v: Float64Array,
  w: Float64Array,
): void {
  w.fill(0, start);
  let i = start;
  for (; i + ROWS <= n; i += ROWS) {
    const sums = fourRows(a, n, start, i, v, w);
    for (let k = 0; k < ROWS; k++) finishRow(a, n, i, i + k, sums[k] as number, v, w);
  }
  for (; i < n; i++) finishRow(a, n, start, i, 0, v, w);
}

type Sums = readonly [number, number, number, number];

/** The rows i to i + 3 up to column i; returns their sums, adding to w row after row. */
function fourRows(
  a: Float64Array,
  n: number,
  start: number,
  i: number,
  v: Float64Array,
  w: Float64Array,
): Sums {
  const [row0, row1, row2, row3] = [i * n, (i + 1) * n, (i + 2) * n, (i + 3) * n];
  const v0 = v[i] as number;
  const v1 = v[i + 1] as number;
  const v2 = v[i + 2] as number;
  const v3 = v[i + 3] as number;
  let [s0, s1, s2, s3] = [0, 0, 0, 0];
  for (let j = start; j < i; j++) {
    const x = v[j] as number;
    const a0 = a[row0 + j] as number;
    const a1 = a[row1 + j] as number;
    const a2 = a[row2 + j] as number;
    const a3 = a[row3 + j] as number;
    s0 += a0 * x;
    s1 += a1 * x;
    s2 += a2 * x;
    s3 += a3 * x;
    w[j] = (w[j] as number) + a0 * v0 + a1 * v1 + a2 * v2 + a3 * v3;
  }
  return [s0, s1, s2, s3];
}

/** Row i from column `from` to the diagonal, going on with its sum. */
function finishRow(
  a: Float64Array,
  n: number,
  from: number,
  i: number,
  before: number,
  v: Float64Array,
  w: Float64Array,
): void {
  const row = i * n;
  const vi = v[i] as number;
  let sum = before;
  for (let j = from; j < i; j++) {
    const element = a[row + j] as number;
    sum += element * (v[j] as number);
    w[j] = (w[j] as number) + element * vi;
  }
  w[i] = (w[i] as number) + sum + (a[row + i] as number) * vi;
}

/** The lower triangle of `A ← A − v wᵀ − w vᵀ`, over indices from `start`. */
function subtractOuter(
  a: Float64Array,
  n: number,
  start: number,
  v: Float64Array,
  w: Float64Array,
): void {
  let i = start;
  for (; i + ROWS <= n; i += ROWS) {
    const [row0, row1, row2, row3] = [i * n, (i + 1) * n, (i + 2) * n, (i + 3) * n];
    const [v0, w0] = [v[i] as number, w[i] as number];
    const [v1, w1] = [v[i + 1] as number, w[i + 1] as number];
    const [v2, w2] = [v[i + 2] as number, w[i + 2] as number];
    const [v3, w3] = [v[i + 3] as number, w[i + 3] as number];
    // Beyond a row's diagonal nothing is read.
    for (let j = start; j < i + ROWS; j++) {
      const x = w[j] as number;
      const y = v[j] as number;
      a[row0 + j] = (a[row0 + j] as number) - v0 * x - w0 * y;
      a[row1 + j] = (a[row1 + j] as number) - v1 * x - w1 * y;
      a[row2 + j] = (a[row2 + j] as number) - v2 * x - w2 * y;
      a[row3 + j] = (a[row3 + j] as number) - v3 * x - w3 * y;
    }
  }
  for (; i < n; i++) {
    const [vi, wi] = [v[i] as number, w[i] as number];
    for (let j = start; j <= i; j++) {
      a[i * n + j] = (a[i * n + j] as number) - vi * (w[j] as number) - wi * (v[j] as number);
    }
  }
}
