/** @file What a cell that was not run would cost, and the command that runs it. */
import { join } from "node:path";
import { DEFAULT_ENGINE, type Estimator, estimator } from "../../../suite/launch/estimate.ts";
import { timesOfTrials } from "../../../suite/launch/recorded-times.ts";
import { readStepTimes, type StepTimes } from "../../../suite/launch/step-times.ts";
import type { CellPlan } from "../../../suite/protocol/plan.ts";
import type { TaskDeclaration } from "../../../suite/protocol/task.ts";
import { tierOf } from "../../../suite/protocol/tasks.ts";
import type { Cell } from "../../../suite/results/schema.ts";
import { allFiles, RESULTS_ROOT } from "./results.ts";

let tables: readonly StepTimes[] | undefined;
const estimators = new Map<string, Estimator>();

/** Seconds of one core for a tuned cell, or for `trials` trials; undefined where nothing is known. */
export function estimatedSeconds(
  task: TaskDeclaration,
  cell: Cell,
  trials?: number,
): number | undefined {
  tables ??= [...readStepTimes(join(RESULTS_ROOT, "speed")), ...timesOfTrials(allFiles())];
  const known =
    estimators.get(task.id) ?? estimator({ times: tables, task, engine: DEFAULT_ENGINE });
  estimators.set(task.id, known);
  const { tuning } = tierOf(task, cell.tier);
  const plan: CellPlan = {
    cell,
    arm: "board",
    configurations: trials ? [] : Array.from({ length: tuning.configurations }, () => ({})),
    reportSeeds: Array.from({ length: trials ?? tuning.reportSeeds }, (_, i) => i + 1),
    diagnosticPoints: 0,
  };
  return known.seconds(plan);
}

/** Runs these cells of one optimizer, tuned. */
export function benchCommand(
  { tier, task, optimizer }: Pick<Cell, "tier" | "task" | "optimizer">,
  batchSizes: readonly number[],
  datasetSizes: readonly number[],
): string {
  return `npm run bench -- --task ${task} --tier ${tier} --optimizer ${optimizer} --batch-size ${batchSizes.join(",")} --dataset-size ${datasetSizes.join(",")} --tune`;
}
