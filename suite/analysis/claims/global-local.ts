/**
 * "K-FAC with a moving average beats K-FAC without at small batch" (Figure 1): the difference is above
 * 0 at the smallest batch size and within ±0.3 points at the largest.
 */
import { above, type ClaimResult, NEGLIGIBLE, verdictOf, within } from "./claim.ts";
import type { BoardEvidence } from "./evidence.ts";
import { cellsOf, incompetence, missingCells } from "./guards.ts";
import { budgetSensitivity, differenceOf, type Statistic, scoreAt } from "./score-table.ts";

/** Global minus local at the smallest (or largest) size. */
export const differenceAtEnd =
  (pair: { global: string; local: string }, end: "smallest" | "largest"): Statistic =>
  ({ positions, scores }) => {
    const table = { positions, scores };
    const position = end === "smallest" ? Math.min(...positions) : Math.max(...positions);
    const one = scoreAt(table, pair.global, position);
    const other = scoreAt(table, pair.local, position);
    return one === null || other === null ? null : one - other;
  };

export function globalLocalClaim(
  { board, primary, facts, families }: BoardEvidence,
  pair: { global: string; local: string },
): ClaimResult {
  const ends = [Math.min(...board.points), Math.max(...board.points)];
  const all = [pair.global, pair.local];
  const missing = [
    ...incompetence(primary, families.firstOrder, facts),
    ...missingCells(board, cellsOf(all, ends)),
  ];
  const found = ends.flatMap((position) => {
    const one = differenceOf(board, { challenger: pair.global, baseline: pair.local, position });
    return one ? [{ position, ...one }] : [];
  });
  const [small, large] = found;
  const sides =
    small && large ? [above(small.interval), within(large.interval, -NEGLIGIBLE, NEGLIGIBLE)] : [];
  return {
    id: "global-beats-local",
    verdict: verdictOf(sides, missing),
    statistics: found.map(({ position, difference, interval }) => ({
      name: `${pair.global} minus ${pair.local} at ${position}`,
      value: difference,
      interval,
    })),
    finding: sides[0] === "inside" ? "ahead at the smallest batch" : "not surely ahead",
    missing,
    sensitivity: budgetSensitivity(board, all, {
      statistic: differenceAtEnd(pair, "smallest"),
      holds: (difference) => difference > 0,
    }),
  };
}
