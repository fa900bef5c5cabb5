/**
 * "Shampoo overtakes AdamW in large-batch language modelling" (Table 1): the lasting crossover of the
 * losses is finite, its whole interval inside the grid.
 */
import { findCrossover } from "../crossover.ts";
import { comparePair } from "../pairs.ts";
import type { ClaimResult, Verdict } from "./claim.ts";
import type { BoardEvidence } from "./evidence.ts";
import { cellsOf, incompetence, missingCells } from "./guards.ts";
import { budgetSensitivity, type Statistic, scoreAt } from "./score-table.ts";

/** The lasting crossover of a table's two rows on the batch axis. */
export const lastingCrossover =
  (challenger: string, baseline: string): Statistic =>
  (table) => {
    const points = table.positions.flatMap((position) => {
      const one = scoreAt(table, challenger, position);
      const other = scoreAt(table, baseline, position);
      return one === null || other === null ? [] : [{ position, difference: one - other }];
    });
    return points.length === 0 ? null : findCrossover(points, { axis: "batch" }).lasting;
  };

const inside = (size: number) => size > 0 && Number.isFinite(size);

export function overtakesClaim(
  { board, primary, facts, families }: BoardEvidence,
  pair: { challenger: string; baseline: string },
): ClaimResult {
  const { challenger, baseline } = pair;
  const all = [challenger, baseline];
  const missing = [
    ...incompetence(primary, families.firstOrder, facts),
    ...missingCells(board, cellsOf(all, board.points)),
  ];
  const rows = all.every((id) => board.rows.some(({ optimizer }) => optimizer === id));
  const found = rows ? comparePair(board, challenger, baseline) : null;
  const interval = found?.interval ?? null;
  // Ahead from the smallest size on: where it overtakes lies below the grid.
  const always = interval !== null && interval.high <= 0;
  if (always) missing.push(`smaller batch sizes than ${Math.min(...board.points)}`);
  return {
    id: "overtakes",
    verdict: overtakingVerdict(interval, missing),
    statistics: found
      ? [{ name: "lasting crossover", value: found.crossover.lasting, interval }]
      : [],
    finding: found ? found.crossover.outcome : "not compared",
    missing,
    sensitivity: budgetSensitivity(board, all, {
      statistic: lastingCrossover(challenger, baseline),
      holds: inside,
    }),
  };
}

function overtakingVerdict(
  interval: { low: number; high: number } | null,
  missing: readonly string[],
): Verdict {
  if (missing.length > 0 || !interval) return "not enough data";
  if (inside(interval.low) && inside(interval.high)) return "supported";
  return interval.low === Number.POSITIVE_INFINITY ? "not supported" : "not enough data";
}
