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
    for (let i = k + 1; i < n; i++) subtractOuter(a, i * n, v, w, k + 1, i);
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

/** `w = A v` from the lower triangle, over indices from `start`. */
function symmetricProduct(
  a: Float64Array,
  n: number,
  start: number,
  v: Float64Array,
  w: Float64Array,
): void {
  w.fill(0, start);
  for (let i = start; i < n; i++) {
    const row = i * n;
    const vi = v[i] as number;
    let sum = 0;
    for (let j = start; j < i; j++) {
      const element = a[row + j] as number;
      sum += element * (v[j] as number);
      w[j] = (w[j] as number) + element * vi;
    }
    w[i] = (w[i] as number) + sum + (a[row + i] as number) * vi;
  }
}

/** `row ← row − vᵢ w − wᵢ v`, over indices from `start` to i. */
function subtractOuter(
  a: Float64Array,
  row: number,
  v: Float64Array,
  w: Float64Array,
  start: number,
  i: number,
): void {
  const vi = v[i] as number;
  const wi = w[i] as number;
  for (let j = start; j <= i; j++) {
    a[row + j] = (a[row + j] as number) - vi * (w[j] as number) - wi * (v[j] as number);
  }
}
