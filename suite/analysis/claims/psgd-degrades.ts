/**
 * "PSGD degrades like SGD" (Figure 1): D = score(smallest batch) - score(largest batch), on the sizes
 * that all have; |D_psgd - D_sgd| - |D_psgd - median D of the other second-order methods| < 0.
 */
import { at, median } from "../statistics.ts";
import { below, type ClaimResult, verdictOf } from "./claim.ts";
import { type BoardEvidence, present } from "./evidence.ts";
import { cellsOf, incompetence, missingCells } from "./guards.ts";
import {
  budgetSensitivity,
  type ScoreTable,
  type Statistic,
  scoreAt,
  statisticInterval,
  tableOf,
} from "./score-table.ts";

export interface DegradationRoles {
  /** The method in question: PSGD. */
  subject: string;
  /** The method that it is said to resemble: SGD. */
  like: string;
  /** The methods that it is said not to resemble. */
  others: readonly string[];
}

/** The positions at which all of them have a score. */
function commonPositions(table: ScoreTable, optimizers: readonly string[]): number[] {
  return table.positions.filter((position) =>
    optimizers.every((id) => scoreAt(table, id, position) !== null),
  );
}

/** Distance to SGD minus distance to the other second-order methods' median. */
export const degradationContrast =
  ({ subject, like, others }: DegradationRoles): Statistic =>
  (table) => {
    const known = others.filter((id) => table.scores[id]);
    const common = commonPositions(table, [subject, like, ...known]);
    const [first, last] = [common[0], common.at(-1)];
    if (first === undefined || last === undefined || common.length < 2) return null;
    if (known.length === 0) return null;
    const loss = (id: string) =>
      (scoreAt(table, id, first) ?? Number.NaN) - (scoreAt(table, id, last) ?? Number.NaN);
    const own = loss(subject);
    return Math.abs(own - loss(like)) - Math.abs(own - median(known.map(loss)));
  };

export function psgdDegradesClaim(
  { board, primary, facts, families }: BoardEvidence,
  roles: { subject: string; like: string },
): ClaimResult {
  const others = present(board, families.secondOrder).filter((id) => id !== roles.subject);
  const statistic = degradationContrast({ ...roles, others });
  const all = [roles.subject, roles.like, ...others];
  const table = tableOf(board, all);
  // Of the two in question: another method's cell that is still to be run must not narrow the range.
  const shared = commonPositions(table, [roles.subject, roles.like]);
  const ends = shared.length < 2 ? board.points : [at(shared, 0), at(shared, shared.length - 1)];
  const missing = [
    ...incompetence(primary, families.firstOrder, facts),
    ...missingCells(board, cellsOf(all, ends)),
  ];
  const value = statistic(table);
  const interval = statisticInterval(board, all, statistic);
  return {
    id: "psgd-degrades",
    verdict: verdictOf(value === null ? [] : [below(interval)], missing),
    statistics:
      value === null
        ? []
        : [{ name: "distance to SGD minus distance to the others' median", value, interval }],
    finding:
      value === null ? "no common sizes" : `closer to ${value < 0 ? roles.like : "the others"}`,
    missing,
    sensitivity: budgetSensitivity(board, all, { statistic, holds: (contrast) => contrast < 0 }),
  };
}
