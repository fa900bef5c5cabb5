/**
 * Choosing a configuration with the tuning seed (analysis, section 1). All values are oriented: more
 * is better; -∞ is a configuration that diverged or whose value was not finite.
 */
import { at } from "./statistics.ts";

/** What breaks ties: fewer FLOPs, then the canonical key. */
export interface TieBreak {
  flops: number;
  key: string;
}

/**
 * Configurations from best to worst, as indices.
 *
 * @param values oriented selecting scores [configurations].
 */
export function orderBest(values: readonly number[], ties: readonly TieBreak[]): number[] {
  return values
    .map((_, index) => index)
    .sort((a, b) => {
      if (at(values, a) !== at(values, b)) return at(values, a) > at(values, b) ? -1 : 1;
      const [first, second] = [at(ties, a), at(ties, b)];
      if (first.flops !== second.flops) return first.flops - second.flops;
      return first.key < second.key ? -1 : first.key > second.key ? 1 : 0;
    });
}

/** The best configuration's index, or null when all are -∞ (the cell has failed). */
export function selectBest(values: readonly number[], ties: readonly TieBreak[]): number | null {
  const best = orderBest(values, ties)[0];
  return best === undefined || at(values, best) === Number.NEGATIVE_INFINITY ? null : best;
}

/**
 * Best of k: the expected reporting value of the winner among k of the n configurations, tried
 * without replacement. Counted from the worst, the i-th wins with weight C(i-1, k-1)/C(n, k), because
 * the other k-1 must lie below it. Dodge et al. 2019 draw with replacement, which is biased low.
 *
 * @param order configurations from best to worst by the selecting value, see `orderBest`.
 * @param reporting values in any unit [n].
 * @returns for k = 1..n.
 */
export function bestOfK(order: readonly number[], reporting: readonly number[]): number[] {
  const n = order.length;
  return order.map((_, index) => {
    const k = index + 1;
    // w_n = k/n and w_(i-1) = w_i·(i - k)/(i - 1): no binomial overflows.
    let weight = k / n;
    let expected = 0;
    for (let i = n; i >= k; i--) {
      expected += weight * at(reporting, at(order, n - i));
      weight *= i > 1 ? (i - k) / (i - 1) : 0;
    }
    return expected;
  });
}
