/**
 * "The gap grows with the batch size" (Figure 1): Kendall's τ, over batch sizes, of a second-order
 * method's lead over a first-order one, above 0. Decided pair by pair; for the families, by two thirds
 * of the methods against the better first-order one at the largest batch size.
 */
import { kendallTau } from "../regression.ts";
import { above, type ClaimResult, MAJORITY, majorityVerdict } from "./claim.ts";
import { type BoardEvidence, type Families, present } from "./evidence.ts";
import { cellsOf, incompetence, missingCells } from "./guards.ts";
import { betterFirstOrder } from "./large-batch.ts";
import {
  budgetSensitivity,
  type Statistic,
  scoreAt,
  statisticInterval,
  tableOf,
} from "./score-table.ts";

/** τ of challenger minus baseline over the sizes that both have; null below three. */
export const gapTrend =
  (challenger: string, baseline: string): Statistic =>
  (table) => {
    const gaps = table.positions.flatMap((position) => {
      const one = scoreAt(table, challenger, position);
      const other = scoreAt(table, baseline, position);
      return one === null || other === null ? [] : [one - other];
    });
    return gaps.length < 3 ? null : kendallTau(gaps);
  };

/** The share of methods whose gap grows. */
const shareGrowing =
  (families: Families, baseline: string): Statistic =>
  (table) => {
    const trends = families.secondOrder.flatMap((id) => gapTrend(id, baseline)(table) ?? []);
    return trends.length === 0 ? null : trends.filter((tau) => tau > 0).length / trends.length;
  };

export function gapGrowsClaim({ board, primary, facts, families }: BoardEvidence): ClaimResult {
  const methods = present(board, families.secondOrder);
  const all = [...families.firstOrder, ...methods];
  const largest = Math.max(...board.points);
  const baseline = betterFirstOrder(tableOf(board, all), families, largest);
  const missing = [
    ...incompetence(primary, families.firstOrder, facts),
    ...missingCells(board, cellsOf(baseline ? [baseline, ...methods] : all, board.points)),
  ];
  const statistics = methods.flatMap((method) => {
    if (!baseline) return [];
    const statistic = gapTrend(method, baseline);
    const value = statistic(tableOf(board, all));
    if (value === null) return [];
    const interval = statisticInterval(board, [method, baseline], statistic);
    return [{ name: `τ of ${method} minus ${baseline}`, value, interval }];
  });
  const sides = statistics.map(({ interval }) => above(interval));
  return {
    id: "gap-grows",
    verdict: majorityVerdict(sides, missing),
    statistics,
    finding: `${sides.filter((side) => side === "inside").length} of ${sides.length} gaps surely grow`,
    missing,
    sensitivity: baseline
      ? budgetSensitivity(board, all, {
          statistic: shareGrowing({ ...families, secondOrder: methods }, baseline),
          holds: (share) => share >= MAJORITY - 1e-9,
        })
      : [],
  };
}
