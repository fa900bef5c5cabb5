/**
 * Scores by optimizer and size, oriented so that more is better: the one shape that a claim's
 * statistic reads, whether it comes from a board, from a board at a smaller tuning budget, from a
 * noisy replicate, or from the paper.
 */
import type { Board } from "../board.ts";
import { curveOf } from "../curve.ts";
import { studentTFactor } from "../intervals.ts";
import { oriented } from "../metric.ts";
import { type Deviation, deviationsOf } from "../noise.ts";
import { quantileOfSorted } from "../quantile.ts";
import { RESAMPLING_SEED, randomFrom, studentTSampler } from "../random.ts";
import { at } from "../statistics.ts";
import type { Range, Sensitivity } from "./claim.ts";

export interface ScoreTable {
  /** Batch or dataset sizes, ascending. */
  positions: readonly number[];
  /** Oriented scores by optimizer, one per position; null where there is none. */
  scores: Readonly<Record<string, readonly (number | null)[]>>;
}

/** A claim's statistic; null where the table lacks what it needs. */
export type Statistic = (table: ScoreTable) => number | null;

/** The board's scores of these optimizers. */
export function tableOf(board: Board, optimizers: readonly string[]): ScoreTable {
  return readBoard(board, optimizers, ({ cell }) => (cell?.state === "scored" ? cell.score : null));
}

/** The scores that k configurations per cell would have given, by the tuning seed; null where k > n. */
function tableAtBudget(board: Board, optimizers: readonly string[], k: number): ScoreTable {
  return readBoard(board, optimizers, ({ cell }) =>
    cell?.state === "scored" ? (cell.bestOfK[k - 1] ?? null) : null,
  );
}

type Entry = Board["rows"][number]["entries"][number];

function readBoard(
  board: Board,
  optimizers: readonly string[],
  read: (entry: Entry) => number | null,
): ScoreTable {
  const rows = board.rows.filter(({ optimizer }) => optimizers.includes(optimizer));
  const scores = rows.map(({ optimizer, entries }) => {
    const values = entries.map((entry) => {
      const value = read(entry);
      return value === null ? null : oriented(board.metric, value);
    });
    return [optimizer, values] as const;
  });
  return { positions: board.points, scores: Object.fromEntries(scores) };
}

/** A score, or null. */
export function scoreAt(table: ScoreTable, optimizer: string, position: number): number | null {
  return table.scores[optimizer]?.[table.positions.indexOf(position)] ?? null;
}

/** The noise of each cell (seeds and luck of tuning): standard error and degrees of freedom. */
interface CellNoise {
  optimizer: string;
  column: number;
  standardError: number;
  df: number;
}

/** Deviations pooled over all calm cells of these optimizers. */
function noiseOf(board: Board, optimizers: readonly string[]): CellNoise[] {
  const { axis, metric } = board;
  const rows = board.rows.filter(({ optimizer }) => optimizers.includes(optimizer));
  const curves = rows.map(({ entries }) =>
    curveOf(
      entries.flatMap(({ cell }) => cell ?? []),
      { axis, metric },
    ),
  );
  const deviations = deviationsOf(curves);
  return curves.flatMap((curve, row) =>
    curve.map((point, index) => {
      const deviation: Deviation = at(at(deviations, row), index);
      return {
        optimizer: at(rows, row).optimizer,
        column: board.points.indexOf(point.position),
        standardError: Math.hypot(deviation.s / Math.sqrt(point.values.length), point.luck),
        df: deviation.df,
      };
    }),
  );
}

const REPLICATES = 4000;

/**
 * The 95% interval of a statistic: every cell's mean redrawn as mean + t(df)·SE, with SE from the pooled
 * deviation of its seeds and from the luck of tuning. Null when the noise is unknown or the statistic undefined.
 */
export function statisticInterval(
  board: Board,
  optimizers: readonly string[],
  statistic: Statistic,
): Range | null {
  const table = tableOf(board, optimizers);
  const noise = noiseOf(board, optimizers);
  if (statistic(table) === null || noise.some(({ df }) => !(df > 0))) return null;
  const random = randomFrom(RESAMPLING_SEED);
  // One table is overwritten by every replicate; statistics only read it.
  const scores = Object.fromEntries(
    Object.entries(table.scores).map(([id, row]) => [id, [...row]]),
  );
  const cells = noise.flatMap(({ optimizer, column, standardError, df }) => {
    const row = scores[optimizer];
    const centre = row?.[column];
    if (!row || typeof centre !== "number") return [];
    return [{ row, column, centre, standardError, t: studentTSampler(df) }];
  });
  const values = new Float64Array(REPLICATES);
  for (let replicate = 0; replicate < REPLICATES; replicate++) {
    for (const { row, column, centre, standardError, t } of cells) {
      row[column] = centre + t(random) * standardError;
    }
    values[replicate] = statistic({ positions: table.positions, scores }) ?? Number.NaN;
  }
  values.sort();
  return { low: quantileOfSorted(values, 0.025), high: quantileOfSorted(values, 0.975) };
}

/** A difference of two cells with its pooled-t interval and p-value ingredients. */
export function differenceOf(
  board: Board,
  pair: { challenger: string; baseline: string; position: number },
): { difference: number; interval: Range | null; standardError: number; df: number } | null {
  const optimizers = [pair.challenger, pair.baseline];
  const table = tableOf(board, optimizers);
  const [one, other] = optimizers.map((id) => scoreAt(table, id, pair.position));
  if (typeof one !== "number" || typeof other !== "number") return null;
  const column = board.points.indexOf(pair.position);
  const errors = noiseOf(board, optimizers).filter((noise) => noise.column === column);
  const standardError = Math.hypot(...errors.map((noise) => noise.standardError));
  const df = Math.min(...errors.map((noise) => noise.df));
  const difference = one - other;
  if (!(df > 0)) return { difference, interval: null, standardError, df };
  const half = studentTFactor(df) * standardError;
  const interval = { low: difference - half, high: difference + half };
  return { difference, interval, standardError, df };
}

/** Tuning budgets that every cell has: 1, 2, 4, … and the smallest cell's own. */
function budgets(board: Board, optimizers: readonly string[]): number[] {
  const sizes = board.rows
    .filter(({ optimizer }) => optimizers.includes(optimizer))
    .flatMap(({ entries }) => entries.flatMap(({ cell }) => cell?.configurations.length ?? []));
  const most = Math.min(...sizes);
  if (!Number.isFinite(most)) return [];
  const list = [];
  for (let k = 1; k < most; k *= 2) list.push(k);
  return [...list, most];
}

/** The point statistic by tuning budget; empty where it is undefined. */
export function budgetSensitivity(
  board: Board,
  optimizers: readonly string[],
  claim: { statistic: Statistic; holds: (value: number) => boolean },
): Sensitivity[] {
  return budgets(board, optimizers).flatMap((k) => {
    const value = claim.statistic(tableAtBudget(board, optimizers, k));
    return value === null ? [] : [{ k, value, holds: claim.holds(value) }];
  });
}
