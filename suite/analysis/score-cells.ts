/** Every cell of a task and tier, scored: one arm alone (`board` for boards), by its frozen plan. */
import { BOARD_ARM, type CellFile, type Tier } from "../results/schema.ts";
import { METRICS, type MetricId, primaryMetric, type TaskFacts } from "./metric.ts";
import { admitted, cellKey, indexPlan, type PlannedCell } from "./plan.ts";
import { type ScoredCell, scoreCell } from "./scored-cell.ts";
import { groupBy } from "./statistics.ts";

/** A scored cell, and the same cell on other device classes (never mixed into its score). */
export interface MeasuredCell extends ScoredCell {
  elsewhere: readonly ScoredCell[];
}

export interface ScoringOptions {
  tier: Tier;
  task: string;
  facts: TaskFacts;
  /** The task's primary metric by default. */
  metric?: MetricId;
  plan?: readonly PlannedCell[];
  /** The arm to read, `board` by default; a study reads its own. Arms are never mixed. */
  arm?: string;
}

/** Scores every cell of a task and tier; one cell per optimizer, batch size and dataset size. */
export function scoreCells(files: readonly CellFile[], options: ScoringOptions): MeasuredCell[] {
  const metric = options.metric ? METRICS[options.metric] : primaryMetric(options.facts);
  const plan = options.plan && indexPlan(options.plan);
  const wanted = files.flatMap((file) => {
    const { cell, arm } = file;
    if (
      arm !== (options.arm ?? BOARD_ARM) ||
      cell.tier !== options.tier ||
      cell.task !== options.task
    )
      return [];
    return (plan ? admitted(file, plan) : file) ?? [];
  });
  const scored = wanted.map((file) => scoreCell(file, metric, options.facts));
  return [...groupBy(scored, ({ cell }) => cellKey(cell)).values()].map((group) => {
    const [first, ...elsewhere] = [...group].sort(mostComplete);
    if (!first) throw new RangeError("A group of cells is never empty.");
    return { ...first, elsewhere };
  });
}

const STATE_ORDER = ["scored", "unreported", "failed"] as const;

function mostComplete(a: ScoredCell, b: ScoredCell): number {
  return (
    STATE_ORDER.indexOf(a.state) - STATE_ORDER.indexOf(b.state) ||
    b.seeds.length - a.seeds.length ||
    b.configurations.length - a.configurations.length ||
    (a.deviceClass < b.deviceClass ? -1 : 1)
  );
}
