/**
 * Tests on paired differences (pair by seed). The smallest p of an exact test is 2/2ⁿ: five seeds
 * cannot reach .05, six can; three can give .25 at best, so with three decide by t with the pooled
 * deviation.
 */
import { fairCoinTail, studentTTwoSided } from "./distributions.ts";
import { tInterval } from "./intervals.ts";
import { averageRanks } from "./ranks.ts";
import { at, mean, standardDeviation, sum } from "./statistics.ts";

/** Two-sided sign test; zeros are dropped. */
export function signTest(differences: readonly number[]): { positive: number; p: number } {
  const kept = differences.filter((difference) => difference !== 0);
  const positive = kept.filter((difference) => difference > 0).length;
  const extreme = Math.max(positive, kept.length - positive);
  const p = kept.length === 0 ? 1 : Math.min(1, 2 * fairCoinTail(kept.length, extreme));
  return { positive, p };
}

/** The most pairs for which all 2ⁿ signs are enumerated. */
export const MOST_EXACT = 20;

/** Share of all 2ⁿ sign assignments with |sum| at least the observed. */
export function signFlipTest(differences: readonly number[]): number {
  return flipShare(differences, Math.abs(sum(differences)));
}

function flipShare(values: readonly number[], observed: number): number {
  const n = values.length;
  if (n > MOST_EXACT) {
    throw new RangeError(
      `An exact test enumerates 2^n signs: ${n} pairs were given, at most ${MOST_EXACT} are possible. Use the t test.`,
    );
  }
  let extreme = 0;
  for (let signs = 0; signs < 2 ** n; signs++) {
    let total = 0;
    for (let i = 0; i < n; i++) total += (signs >> i) & 1 ? -at(values, i) : at(values, i);
    if (Math.abs(total) >= observed - 1e-12) extreme++;
  }
  return extreme / 2 ** n;
}

/** Wilcoxon's signed-rank test, exact; W is the smaller rank sum. Zeros are dropped, ties averaged. */
export function wilcoxonTest(differences: readonly number[]): { w: number; p: number } {
  const kept = differences.filter((difference) => difference !== 0);
  // Rank 1 is the smallest size, so sizes are negated for `averageRanks`.
  const ranks = averageRanks(kept.map((difference) => -Math.abs(difference)));
  const positive = sum(ranks.filter((_, index) => at(kept, index) > 0));
  const total = sum(ranks);
  const p = kept.length === 0 ? 1 : flipShare(ranks, Math.abs(2 * positive - total));
  return { w: Math.min(positive, total - positive), p };
}

/** Student's t on the differences, with its 95% interval. */
export function pairedTTest(differences: readonly number[]) {
  const n = differences.length;
  const average = mean(differences);
  const t = average / (standardDeviation(differences) / Math.sqrt(n));
  return { t, p: studentTTwoSided(t, n - 1), mean: average, interval: tInterval(differences) };
}

/**
 * P(A > B): the share of pairs that A wins, ties half. Bouthillier et al. 2021 propose .75 as the
 * threshold of a meaningful improvement.
 */
export function probabilityOfImprovement(differences: readonly number[]): number {
  const points = differences.map((difference) => (difference > 0 ? 1 : difference === 0 ? 0.5 : 0));
  return mean(points);
}
