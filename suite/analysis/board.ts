/**
 * The board: one task and tier, one axis (batch size or dataset size), every optimizer. It reads the
 * arm `board` alone, by its frozen plan. No bare ranks: each entry has a rank range, and says whether
 * it is tied with the leader.
 */
import type { CellFile, Tier } from "../results/schema.ts";
import { compareAll, rankColumn } from "./board-ranks.ts";
import type { Axis } from "./crossover.ts";
import { axisPosition, type Curve, curveOf } from "./curve.ts";
import { type Interval, scoreError, scoreInterval } from "./intervals.ts";
import { METRICS, type Metric, primaryMetric } from "./metric.ts";
import { calmCells } from "./noise.ts";
import { cellKey, indexPlan, type PlanIndex } from "./plan.ts";
import { RESAMPLING_SEED } from "./random.ts";
import type { RankRange } from "./ranks.ts";
import { type MeasuredCell, type ScoringOptions, scoreCells } from "./score-cells.ts";
import type { ScoredCell } from "./scored-cell.ts";
import { at, distinct, groupBy, mean } from "./statistics.ts";

/** Published with every board; raised when a formula changes. */
export const SCORE_VERSION = 1;

export interface BoardEntry {
  position: number;
  state: ScoredCell["state"] | "invalid" | "not run";
  /** Why an `invalid` cell cannot be measured. */
  reason?: string;
  cell: MeasuredCell | null;
  /** In the metric's own unit. */
  interval: Interval | null;
  standardError: number;
  rank: RankRange | null;
  /** The leader at this point is not surely better. */
  tied: boolean;
  /** Median training seconds of a report trial by device class. */
  seconds: readonly { deviceClass: string; seconds: number }[];
}

export interface BoardRow {
  optimizer: string;
  /** One per point of the board, in axis order. */
  entries: readonly BoardEntry[];
  /** Mean over the points of the middle of the rank range; an absent entry counts as last. */
  meanRank: number;
  /** Points with a score. */
  scored: number;
}

export interface Board {
  scoreVersion: number;
  resamplingSeed: number;
  tier: Tier;
  task: string;
  metric: Metric;
  axis: Axis;
  /** Dataset size of a batch board, batch size of a dataset board. */
  fixed: number;
  /** Positions on the axis, ascending. */
  points: readonly number[];
  /** Best mean rank first. */
  rows: readonly BoardRow[];
  coverage: {
    measured: number;
    expected: number;
    missing: readonly { optimizer: string; position: number }[];
  };
}

export interface BoardOptions extends ScoringOptions {
  axis?: Axis;
  /** Default: the value of the other axis with the most cells, the largest of equals. */
  fixed?: number;
}

/** The board of one task, tier and axis; null when no committed cell belongs to it. */
export function buildBoard(files: readonly CellFile[], options: BoardOptions): Board | null {
  return boardOf(scoreCells(files, options), options);
}

/** The same from cells already scored: one scoring serves many slices. */
export function boardOf(cells: readonly MeasuredCell[], options: BoardOptions): Board | null {
  const { axis = "batch", tier, task } = options;
  const metric = options.metric ? METRICS[options.metric] : primaryMetric(options.facts);
  const fixed = options.fixed ?? busiestSlice(cells, axis);
  if (fixed === null) return null;
  const slice = cells.filter(({ cell }) => otherPosition(axis, cell) === fixed);
  const planned = (options.plan ?? []).filter(({ cell }) => otherPosition(axis, cell) === fixed);
  const points = distinct([
    ...slice.map(({ cell }) => axisPosition(axis, cell)),
    ...planned.map(({ cell }) => axisPosition(axis, cell)),
  ]);
  const optimizers = [
    ...new Set([
      ...slice.map(({ cell }) => cell.optimizer),
      ...planned.map(({ cell }) => cell.optimizer),
    ]),
  ].sort();
  const rows = rowsOf({ slice, optimizers, points, axis, metric, plan: indexPlan(planned), fixed });
  return {
    scoreVersion: SCORE_VERSION,
    resamplingSeed: RESAMPLING_SEED,
    tier,
    task,
    metric,
    axis,
    fixed,
    points,
    rows: [...rows].sort((a, b) => a.meanRank - b.meanRank),
    coverage: coverageOf(rows),
  };
}

function otherPosition(axis: Axis, cell: { batchSize: number; datasetSize: number }): number {
  return axis === "batch" ? cell.datasetSize : cell.batchSize;
}

function busiestSlice(cells: readonly MeasuredCell[], axis: Axis): number | null {
  const groups = [...groupBy(cells, ({ cell }) => otherPosition(axis, cell))];
  groups.sort(([a, first], [b, second]) => second.length - first.length || b - a);
  return groups[0]?.[0] ?? null;
}

interface Slice {
  slice: readonly MeasuredCell[];
  optimizers: readonly string[];
  points: readonly number[];
  axis: Axis;
  metric: Metric;
  plan: PlanIndex;
  fixed: number;
}

function rowsOf(context: Slice): BoardRow[] {
  const { slice, optimizers, points, axis, metric } = context;
  const byOptimizer = groupBy(slice, ({ cell }) => cell.optimizer);
  const curves = optimizers.map((id) => curveOf(byOptimizer.get(id) ?? [], { axis, metric }));
  const compare = compareAll(curves);
  const columns = points.map((position) => {
    const column = optimizers.map((id, row) =>
      entryOf(context, { id, position, curve: at(curves, row), cells: byOptimizer.get(id) ?? [] }),
    );
    const ranks = rankColumn(
      column.map(({ state }) => state),
      (one, other) => compare(one, other, position),
    );
    return column.map((entry, row): BoardEntry => {
      const rank = at(ranks, row);
      return { ...entry, rank: rank?.range ?? null, tied: rank?.tied ?? false };
    });
  });
  return optimizers.map((optimizer, row) => {
    const entries = columns.map((column) => at(column, row));
    const middles = entries.map(({ rank }) =>
      rank ? (rank.best + rank.worst) / 2 : optimizers.length,
    );
    const scored = entries.filter(({ state }) => state === "scored").length;
    return { optimizer, entries, meanRank: mean(middles), scored };
  });
}

function entryOf(
  { axis, plan, fixed, metric }: Slice,
  row: { id: string; position: number; curve: Curve; cells: readonly MeasuredCell[] },
): Omit<BoardEntry, "rank" | "tied"> {
  const { id, position, curve, cells } = row;
  const cell = cells.find((one) => axisPosition(axis, one.cell) === position) ?? null;
  const [batchSize, datasetSize] = axis === "batch" ? [position, fixed] : [fixed, position];
  const reason = plan.get(cellKey({ optimizer: id, batchSize, datasetSize }))?.invalid;
  const values = cell?.seeds.map(({ value }) => value) ?? [];
  const neighbours = neighbourValues(curve, position);
  return {
    position,
    state: cell?.state ?? (reason ? "invalid" : "not run"),
    ...(reason ? { reason } : {}),
    cell,
    interval: cell ? scoreInterval(values, neighbours, metric.quantity) : null,
    standardError: scoreError(values, neighbours),
    seconds: cell
      ? [cell, ...cell.elsewhere].map(({ deviceClass, cost }) => ({
          deviceClass,
          seconds: cost.seconds,
        }))
      : [],
  };
}

/** Report values of the calm cells on either side, in any orientation: only their spread counts. */
function neighbourValues(curve: Curve, position: number): (readonly number[])[] {
  const index = curve.findIndex((point) => point.position === position);
  const calm = calmCells(curve);
  if (index < 0 || !calm[index]) return [];
  return [index - 1, index + 1].flatMap((j) => {
    const point = curve[j];
    return point && calm[j] ? [point.values] : [];
  });
}

function coverageOf(rows: readonly BoardRow[]): Board["coverage"] {
  const all = rows.flatMap(({ optimizer, entries }) =>
    entries
      .filter(({ state }) => state !== "invalid")
      .map(({ position, state }) => ({ optimizer, position, state })),
  );
  const missing = all.filter(({ state }) => state === "not run" || state === "unreported");
  return {
    measured: all.length - missing.length,
    expected: all.length,
    missing: missing.map(({ optimizer, position }) => ({ optimizer, position })),
  };
}
