/** @file Inverse p-th roots from an eigendecomposition, and power iteration, in float64. */
import { OTHER_EXCESS, OTHER_ROUNDS, type PowerIteration, seededVector } from "../kernels.ts";
import { dot, timesTransposed } from "./product.ts";
import type { Eigen } from "./ql.ts";

/** `V (Λ + shift)^(−1/p) Vᵀ`, `[n, n]`; null unless all of Λ + shift is positive. */
export function inverseRootOf(
  { values, vectors }: Eigen,
  p: number,
  shift: number,
): Float64Array | null {
  const n = values.length;
  const powers = values.map((value) => (value + shift) ** (-1 / p));
  if (!powers.every(Number.isFinite)) return null;
  const scaled = vectors.map((value, i) => value * (powers[i % n] as number));
  return timesTransposed(scaled, n, vectors, n, n);
}

export interface DominantPair {
  readonly value: number;
  readonly vector: Float64Array;
  readonly rounds: number;
}

/** Power iteration on A `[n, n]` as OTHER_ROUNDS says; the value is 0 where A is not finite. 2n² FLOPs a round. */
export function powerIteration(
  matrix: Float64Array,
  n: number,
  start: ArrayLike<number> | null,
  options: PowerIteration,
): DominantPair {
  const seeded = seededVector(n);
  const first = iterate(matrix, n, start ?? seeded, options, () => true);
  if (!start || dot(matrix, 0, matrix, 0, n * n) < 2 * first.value ** 2) return first;
  const bound = first.value * (1 + OTHER_EXCESS);
  const second = iterate(matrix, n, seeded, options, (value, rounds) => {
    return rounds < OTHER_ROUNDS || value > bound;
  });
  return second.value > bound ? second : first;
}

function iterate(
  matrix: Float64Array,
  n: number,
  start: ArrayLike<number>,
  { iterations, tolerance }: PowerIteration,
  goesOn: (value: number, rounds: number) => boolean,
): DominantPair {
  let vector = normalized(Float64Array.from(start));
  let value = 0;
  let rounds = 0;
  while (rounds < iterations) {
    rounds++;
    const image = Float64Array.from({ length: n }, (_, i) => dot(matrix, i * n, vector, 0, n));
    const before = value;
    value = dot(vector, 0, image, 0, n);
    if (!Number.isFinite(value)) return { value: 0, vector: Float64Array.from(start), rounds };
    vector = normalized(image);
    if (Math.abs(value - before) <= tolerance * Math.abs(value)) break;
    if (!goesOn(value, rounds)) break;
  }
  return { value, vector, rounds };
}

/** A zero vector stays zero. */
function normalized(x: Float64Array): Float64Array {
  const norm = Math.sqrt(dot(x, 0, x, 0, x.length));
  return norm === 0 ? x : x.map((value) => value / norm);
}
