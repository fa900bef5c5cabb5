/**
 * "Small data favours second-order, large data does not" (Figure 2): the train loss of AdamW minus the
 * method's at the same iterations, above 0 at the smallest dataset, with a negative slope over log2 n.
 */
import { fitLine } from "../regression.ts";
import { above, below, type ClaimResult, MAJORITY, majorityVerdict, type Side } from "./claim.ts";
import { type BoardEvidence, present } from "./evidence.ts";
import { cellsOf, incompetence, missingCells } from "./guards.ts";
import {
  budgetSensitivity,
  differenceOf,
  type Statistic,
  scoreAt,
  statisticInterval,
  tableOf,
} from "./score-table.ts";

/** Slope over log2 of the dataset size of the method's lead; null below two sizes. */
const leadSlope =
  (method: string, baseline: string): Statistic =>
  (table) => {
    const points = table.positions.flatMap((position) => {
      const one = scoreAt(table, method, position);
      const other = scoreAt(table, baseline, position);
      return one === null || other === null ? [] : [{ x: Math.log2(position), y: one - other }];
    });
    if (points.length < 2) return null;
    return fitLine(
      points.map(({ x }) => x),
      points.map(({ y }) => y),
    ).slope;
  };

/** The share of methods that lead at the smallest size and lose their lead as data grows. */
const shareFavoured =
  (methods: readonly string[], baseline: string): Statistic =>
  (table) => {
    const smallest = Math.min(...table.positions);
    const reference = scoreAt(table, baseline, smallest);
    if (reference === null || methods.length === 0) return null;
    const favoured = methods.filter((method) => {
      const score = scoreAt(table, method, smallest);
      return score !== null && score > reference && (leadSlope(method, baseline)(table) ?? 0) < 0;
    });
    return favoured.length / methods.length;
  };

/** @param evidence.board on the dataset axis, by train loss, with a budget of equal steps. */
export function smallDataClaim(
  { board, primary, facts, families }: BoardEvidence,
  { baseline }: { baseline: string },
): ClaimResult {
  const methods = present(board, families.secondOrder);
  const all = [baseline, ...methods];
  const smallest = Math.min(...board.points);
  const missing = [
    ...incompetence(primary, families.firstOrder, facts),
    ...missingCells(board, cellsOf(all, board.points)),
  ];
  const table = tableOf(board, all);
  const parts = methods.flatMap((method) => {
    const lead = differenceOf(board, { challenger: method, baseline, position: smallest });
    const statistic = leadSlope(method, baseline);
    const slope = statistic(table);
    if (!lead || slope === null) return [];
    const interval = statisticInterval(board, [method, baseline], statistic);
    return [{ method, lead, slope, interval }];
  });
  const sides = parts.map(({ lead, interval }) => both(above(lead.interval), below(interval)));
  return {
    id: "small-data",
    verdict: majorityVerdict(sides, missing),
    statistics: parts.flatMap(({ method, lead, slope, interval }) => [
      {
        name: `lead of ${method} at ${smallest} examples`,
        value: lead.difference,
        interval: lead.interval,
      },
      { name: `slope of ${method}'s lead per doubling of the data`, value: slope, interval },
    ]),
    finding: `${sides.filter((side) => side === "inside").length} of ${sides.length} methods`,
    missing,
    sensitivity: budgetSensitivity(board, all, {
      statistic: shareFavoured(methods, baseline),
      holds: (share) => share >= MAJORITY - 1e-9,
    }),
  };
}

function both(one: Side, other: Side): Side {
  if (one === "outside" || other === "outside") return "outside";
  return one === "inside" && other === "inside" ? "inside" : "undecided";
}
