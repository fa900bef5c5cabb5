/** Time to target of scored cells: what profiles, Pareto fronts and critical batch sizes start from. */
import type { CellFile, Trial } from "../results/schema.ts";
import { type Metric, oriented } from "./metric.ts";
import type { Times } from "./profiles.ts";
import type { ScoredCell } from "./scored-cell.ts";
import { groupBy } from "./statistics.ts";
import {
  evaluationCurve,
  summariseTimes,
  type TargetColumn,
  type TargetSummary,
  type TargetUnit,
  type TimeToTarget,
  timeToTarget,
} from "./time-to-target.ts";

export interface CellTimes {
  cell: ScoredCell["cell"];
  deviceClass: string;
  /** One per report seed whose curve was recorded. */
  runs: readonly TimeToTarget[];
  summary: TargetSummary;
}

const COLUMNS: Readonly<Record<Metric["id"], TargetColumn>> = {
  "test-accuracy": "testAccuracy",
  "test-loss": "testLoss",
  "train-accuracy": "trainAccuracy",
  "train-loss": "trainLoss",
};

/** What evaluations hold instead, where the test set is only looked at in the end. */
const FALLBACKS: Partial<Record<TargetColumn, TargetColumn>> = {
  testAccuracy: "validationAccuracy",
  testLoss: "validationLoss",
};

/**
 * Times to a target, in the metric's own unit, of the report seeds of each scored cell. A cross-fitted
 * seed counts the run of its first choice. Cells whose curves were not recorded are left out.
 */
export function targetTimes(
  files: readonly CellFile[],
  cells: readonly ScoredCell[],
  options: { metric: Metric; target: number; unit: TargetUnit },
): CellTimes[] {
  const trials = new Map(
    files.flatMap((file) => file.trials.map((one) => [one.key, one] as const)),
  );
  return cells.flatMap((cell): CellTimes[] => {
    const runs = cell.seeds.flatMap(({ keys }) => {
      const trial = trials.get(keys[0] ?? "");
      return trial ? (runOf(trial, cell, options) ?? []) : [];
    });
    if (runs.length === 0) return [];
    const { deviceClass } = cell;
    return [{ cell: cell.cell, deviceClass, runs, summary: summariseTimes(runs) }];
  });
}

function runOf(
  trial: Trial,
  { cell: { batchSize } }: ScoredCell,
  { metric, target, unit }: { metric: Metric; target: number; unit: TargetUnit },
): TimeToTarget | null {
  const column = COLUMNS[metric.id];
  const fallback = FALLBACKS[column] ?? column;
  const curve =
    evaluationCurve(trial, { column, unit, batchSize }) ??
    evaluationCurve(trial, { column: fallback, unit, batchSize });
  return curve && timeToTarget(curve, oriented(metric, target));
}

/**
 * Median times by optimizer for a performance profile, one column per batch and dataset size; ∞ where
 * an optimizer has no cell. Wall-clock times must come from one device class.
 */
export function profileTimes(times: readonly CellTimes[]): Times {
  const place = ({ cell }: CellTimes) => `${cell.task} ${cell.batchSize} ${cell.datasetSize}`;
  const columns = [...new Set(times.map(place))].sort();
  const rows = groupBy(times, ({ cell }) => cell.optimizer);
  return Object.fromEntries(
    [...rows].map(([optimizer, own]) => {
      const byPlace = new Map(own.map((one) => [place(one), one.summary.median]));
      return [optimizer, columns.map((column) => byPlace.get(column) ?? Number.POSITIVE_INFINITY)];
    }),
  );
}

/** Steps to the target by seed at each batch size of one optimizer, for the critical batch size. */
export function seededSteps(times: readonly CellTimes[], optimizer: string) {
  return times
    .filter(({ cell }) => cell.optimizer === optimizer)
    .map(({ cell, runs }) => ({
      batchSize: cell.batchSize,
      steps: runs.map(({ display }) => display),
    }))
    .sort((a, b) => a.batchSize - b.batchSize);
}
