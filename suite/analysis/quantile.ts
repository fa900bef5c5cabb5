/**
 * The one definition of a quantile: `sorted[max(0, ceil(p·N - 1e-9) - 1)]`. It never interpolates,
 * so infinities (a crossover beyond the grid, a target never reached) stay what they are.
 */
import { ascending } from "./statistics.ts";

/** Quantile `p` of values already sorted ascending; NaN for no values. */
export function quantileOfSorted(sorted: ArrayLike<number>, p: number): number {
  const index = Math.max(0, Math.ceil(p * sorted.length - 1e-9) - 1);
  return sorted[index] ?? Number.NaN;
}

/** Quantile `p` in [0, 1] of values in any order, infinities allowed. */
export function quantile(values: readonly number[], p: number): number {
  return quantileOfSorted([...values].sort(ascending), p);
}
