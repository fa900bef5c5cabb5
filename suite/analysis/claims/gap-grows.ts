/**
 * "The gap grows with the batch size" (Figure 1): Kendall's τ, over batch sizes, of a second-order
 * method's lead over a first-order one, above 0. Decided pair by pair; for the families, by two thirds
 * of the methods against the better first-order one at the largest batch size. A method with a cell
 * missing, or with an optimum at its grid's edge, is undecided, and counts.
 */
import { kendallTau } from "../regression.ts";
import { above, type ClaimResult, MAJORITY, majorityVerdict, type Side } from "./claim.ts";
import { type BoardEvidence, type Families, present } from "./evidence.ts";
import { cellsOf, differentData, incompetence, missingCells } from "./guards.ts";
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
  const own = baseline ? [baseline] : families.firstOrder;
  const problemsOf = (ids: readonly string[]) => missingCells(board, cellsOf(ids, board.points));
  const incompetent = incompetence(primary, families.firstOrder, facts);
  const blocking = [
    ...incompetent,
    ...problemsOf(own),
    ...differentData(board, cellsOf([...own, ...methods], board.points)),
  ];
  const trends = methods.flatMap((method) => {
    if (!baseline) return [];
    const statistic = gapTrend(method, baseline);
    const value = statistic(tableOf(board, all));
    if (value === null) return [];
    return [{ method, value, interval: statisticInterval(board, [method, baseline], statistic) }];
  });
  const sides = methods.map((method): Side => {
    const trend = trends.find((one) => one.method === method);
    return problemsOf([method]).length > 0 ? "undecided" : above(trend?.interval ?? null);
  });
  return {
    id: "gap-grows",
    verdict: majorityVerdict(sides, blocking),
    statistics: trends.map(({ method, value, interval }) => ({
      name: `τ of ${method} minus ${baseline}`,
      value,
      interval,
    })),
    finding: `${sides.filter((side) => side === "inside").length} of ${sides.length} gaps surely grow`,
    missing: [...incompetent, ...problemsOf([...own, ...methods])],
    sensitivity: baseline
      ? budgetSensitivity(board, all, {
          statistic: shareGrowing({ ...families, secondOrder: methods }, baseline),
          holds: (share) => share >= MAJORITY - 1e-9,
        })
      : [],
  };
}
