/** @file What results do to the boards: old points against new ones, crossovers, gaps, outliers. */
import { type Board, type BoardEntry, buildBoard } from "../analysis/board.ts";
import type { TaskFacts } from "../analysis/metric.ts";
import { comparePair } from "../analysis/pairs.ts";
import { crossoverWords } from "../analysis/words.ts";
import type { CellFile, Tier } from "../results/schema.ts";
import type { BoardChange } from "./report.ts";

/** Everybody is compared with these. */
const BASELINES = ["sgd", "adamw"];
const AXES = ["batch", "dataset"] as const;

/** Beyond this many standard errors from its neighbours a point is looked at by a person. */
export const OUTLIER = 3;

export interface BoardsRequest {
  readonly before: readonly CellFile[];
  readonly now: readonly CellFile[];
  /** Optimizers whose results change. */
  readonly optimizers: ReadonlySet<string>;
  readonly facts: (task: string, tier: Tier) => TaskFacts;
}

/** One entry per board (task, tier, axis) on which a point changed. */
export function changedBoards({ before, now, optimizers, facts }: BoardsRequest): BoardChange[] {
  const places = new Map(
    now
      .filter(({ arm, cell }) => arm === "board" && optimizers.has(cell.optimizer))
      .map(({ cell }) => [`${cell.tier}/${cell.task}`, cell] as const),
  );
  return [...places.values()].flatMap(({ tier, task }) =>
    AXES.flatMap((axis) => {
      const scoring = { tier, task, facts: facts(task, tier), axis };
      const next = buildBoard(now, scoring);
      if (!next || next.points.length === 0) return [];
      const last = buildBoard(before, { ...scoring, fixed: next.fixed });
      const change = boardChange(last, next, optimizers);
      return change.points.length > 0 ? [change] : [];
    }),
  );
}

function boardChange(
  last: Board | null,
  next: Board,
  optimizers: ReadonlySet<string>,
): BoardChange {
  const { task, tier, axis, metric, fixed } = next;
  const rows = next.rows.filter(({ optimizer }) => optimizers.has(optimizer));
  const points = rows.flatMap(({ optimizer, entries }) =>
    entries.flatMap((entry, column) => {
      const [before, now] = [entryOf(last, optimizer, entry.position), entry].map(scoreOf);
      // Intervals lean on their neighbours: they move although nothing was measured here.
      if (before?.score === now?.score && before?.seeds === now?.seeds) return [];
      const outlier = outlierOf(entries, column);
      return [
        { optimizer, position: entry.position, before: before ?? null, now: now ?? null, outlier },
      ];
    }),
  );
  const missing = next.coverage.missing.filter(({ optimizer }) => optimizers.has(optimizer));
  const crossovers = crossoverChanges(last, next, optimizers);
  return {
    task,
    tier,
    axis,
    metric: metric.id,
    fixed,
    points,
    crossovers,
    missing: [...missing],
  };
}

const entryOf = (board: Board | null, optimizer: string, position: number) =>
  board?.rows
    .find((row) => row.optimizer === optimizer)
    ?.entries.find((entry) => entry.position === position);

type Score = NonNullable<BoardChange["points"][number]["now"]>;

function scoreOf(entry: BoardEntry | undefined): Score | null {
  if (entry?.state !== "scored" || !entry.cell) return null;
  const { standardError, interval, cell } = entry;
  return {
    score: cell.score,
    standardError: Number.isFinite(standardError) ? standardError : null,
    interval: interval && { low: interval.low, high: interval.high },
    seeds: cell.seeds.length,
  };
}

/** Distance from the line between the neighbours, in standard errors of the three; null at ends. */
function outlierOf(entries: readonly BoardEntry[], column: number): number | null {
  const [left, here, right] = [-1, 0, 1].map((step) => scoreOf(entries[column + step]));
  const errors = [left, here, right].map((one) => one?.standardError ?? Number.NaN);
  if (!left || !here || !right) return null;
  const [a, b, c] = errors as [number, number, number];
  const error = Math.sqrt(b ** 2 + (a ** 2 + c ** 2) / 4);
  const distance = Math.abs(here.score - (left.score + right.score) / 2) / error;
  return Number.isFinite(distance) ? distance : null;
}

function crossoverChanges(last: Board | null, next: Board, optimizers: ReadonlySet<string>) {
  const ids = next.rows.map(({ optimizer }) => optimizer);
  return BASELINES.filter((baseline) => ids.includes(baseline)).flatMap((baseline) =>
    ids
      .filter((id) => !BASELINES.includes(id))
      .filter((id) => optimizers.has(id) || optimizers.has(baseline))
      .flatMap((challenger) => {
        const [before, now] = [
          wordsOf(last, challenger, baseline),
          wordsOf(next, challenger, baseline),
        ];
        return before === now ? [] : [{ challenger, baseline, before, now }];
      }),
  );
}

function wordsOf(board: Board | null, challenger: string, baseline: string): string | null {
  const has = (id: string) => board?.rows.some(({ optimizer }) => optimizer === id);
  if (!board || !has(challenger) || !has(baseline)) return null;
  const pair = comparePair(board, challenger, baseline);
  return pair && crossoverWords(pair);
}
