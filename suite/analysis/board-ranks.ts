/** Rank ranges and ties in one column of a board: all optimizers at one batch or dataset size. */
import { type Curve, type PairedPoint, pairCurves } from "./curve.ts";
import { type RankRange, rankRanges, surelyBetter } from "./ranks.ts";
import { at } from "./statistics.ts";

/** `one - other` at a position, for one < other; null where they have no common cell. */
export type Comparison = (one: number, other: number, position: number) => PairedPoint | null;

/** Differences of every two curves, each pair pooled once. */
export function compareAll(curves: readonly Curve[]): Comparison {
  const known = new Map<number, Map<number, PairedPoint>>();
  curves.forEach((first, one) => {
    for (let other = one + 1; other < curves.length; other++) {
      const { points } = pairCurves(first, at(curves, other));
      const byPosition = new Map(points.map((point) => [point.position, point]));
      known.set(one * curves.length + other, byPosition);
    }
  });
  return (one, other, position) => known.get(one * curves.length + other)?.get(position) ?? null;
}

export interface Rank {
  range: RankRange;
  /** The leader is not surely better. */
  tied: boolean;
}

/**
 * The ranks of a column; null for what was not measured. Failed cells rank after every scored one.
 *
 * @param states by row.
 */
export function rankColumn(
  states: readonly string[],
  compare: (one: number, other: number) => PairedPoint | null,
): (Rank | null)[] {
  const rows = states.map((_, row) => row);
  const scored = rows.filter((row) => states[row] === "scored");
  const failed = rows.filter((row) => states[row] === "failed");
  const better = surelyBetter(scored.length, (one, other) =>
    compare(at(scored, one), at(scored, other)),
  );
  const ranges = rankRanges(scored.length, better);
  const leader = leaderOf(scored, compare);
  const ranks = new Map<number, Rank>();
  scored.forEach((row, index) => {
    ranks.set(row, { range: at(ranges, index), tied: !better(leader, index) });
  });
  for (const row of failed) {
    const range = { best: scored.length + 1, worst: scored.length + failed.length };
    ranks.set(row, { range, tied: false });
  }
  return rows.map((row) => ranks.get(row) ?? null);
}

/** Index (among the scored) of the best mean. */
function leaderOf(
  scored: readonly number[],
  compare: (one: number, other: number) => { difference: number } | null,
): number {
  let leader = 0;
  for (let other = 1; other < scored.length; other++) {
    const found = compare(at(scored, leader), at(scored, other));
    if (found && found.difference < 0) leader = other;
  }
  return leader;
}
