/**
 * "Second-order wins at large batch" (Figure 1), and the same on train accuracy (Figure 5): each
 * second-order method minus the *better* first-order one at the largest batch size; at least two
 * thirds of them with an interval above 0, Holm over the methods. A method with its cell
 * missing, or with an optimum at its grid's edge, is undecided, and counts.
 */
import { holm } from "../holm.ts";
import { differencePValue, SIGNIFICANCE } from "../ranks.ts";
import { at } from "../statistics.ts";
import { type ClaimResult, MAJORITY, majorityVerdict, type Side } from "./claim.ts";
import { type BoardEvidence, type Families, present } from "./evidence.ts";
import { cellsOf, differentData, incompetence, missingCells } from "./guards.ts";
import {
  budgetSensitivity,
  differenceOf,
  type ScoreTable,
  type Statistic,
  scoreAt,
  tableOf,
} from "./score-table.ts";

/** The better first-order method at a position. */
export function betterFirstOrder(
  table: ScoreTable,
  families: Families,
  position: number,
): string | null {
  const scored = families.firstOrder
    .map((id) => ({ id, score: scoreAt(table, id, position) }))
    .filter((one): one is { id: string; score: number } => one.score !== null)
    .sort((a, b) => b.score - a.score);
  return scored[0]?.id ?? null;
}

/** Each second-order method's lead over the better first-order one at a position. */
export function leadsAt(
  table: ScoreTable,
  families: Families,
  position: number,
): { optimizer: string; lead: number }[] {
  const best = betterFirstOrder(table, families, position);
  const reference = best === null ? null : scoreAt(table, best, position);
  if (reference === null) return [];
  return families.secondOrder.flatMap((optimizer) => {
    const score = scoreAt(table, optimizer, position);
    return score === null ? [] : [{ optimizer, lead: score - reference }];
  });
}

/** The share of second-order methods that lead at the largest batch size. */
const shareAhead =
  (families: Families): Statistic =>
  (table) => {
    const leads = leadsAt(table, families, Math.max(...table.positions));
    if (leads.length === 0) return null;
    return leads.filter(({ lead }) => lead > 0).length / leads.length;
  };

/** Decides the claim on a board of test accuracy, or (id `train-accuracy`) of train accuracy. */
export function largeBatchClaim(
  evidence: BoardEvidence,
  id: "large-batch" | "train-accuracy" = "large-batch",
): ClaimResult {
  const { board, primary, facts } = evidence;
  const families: Families = {
    firstOrder: evidence.families.firstOrder,
    secondOrder: present(board, evidence.families.secondOrder),
  };
  const position = Math.max(...board.points);
  const all = [...families.firstOrder, ...families.secondOrder];
  const best = betterFirstOrder(tableOf(board, all), families, position);
  const tests = families.secondOrder.flatMap((challenger) => {
    const found = best && differenceOf(board, { challenger, baseline: best, position });
    return found ? [{ challenger, ...found }] : [];
  });
  const adjusted = holm(
    tests.map(({ difference, standardError, df }) =>
      differencePValue(difference, { standardError, df }),
    ),
  );
  const problemsOf = (ids: readonly string[]) => missingCells(board, cellsOf(ids, [position]));
  const sides = families.secondOrder.map((challenger): Side => {
    const index = tests.findIndex((test) => test.challenger === challenger);
    const difference = tests[index]?.difference;
    if (difference === undefined || problemsOf([challenger]).length > 0) return "undecided";
    if (at(adjusted, index) >= SIGNIFICANCE) return "undecided";
    return difference > 0 ? "inside" : "outside";
  });
  const incompetent = incompetence(primary, families.firstOrder, facts);
  const blocking = [
    ...incompetent,
    ...problemsOf(families.firstOrder),
    ...differentData(board, cellsOf(all, [position])),
  ];
  const wins = sides.filter((side) => side === "inside").length;
  return {
    id,
    verdict: majorityVerdict(sides, blocking),
    statistics: tests.map(({ challenger, difference, interval }) => ({
      name: `${challenger} minus ${best} at ${position}`,
      value: difference,
      interval,
    })),
    finding: `${wins} of ${sides.length} methods surely ahead${best ? ` of ${best}` : ""}`,
    missing: [...incompetent, ...problemsOf(all)],
    sensitivity: budgetSensitivity(board, all, {
      statistic: shareAhead(families),
      holds: (share) => share >= MAJORITY - 1e-9,
    }),
  };
}
