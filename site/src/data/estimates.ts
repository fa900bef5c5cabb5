/** @file What a cell that was not run would cost, and the command that runs it. */
import { join } from "node:path";
import { groupBy, median } from "../../../suite/analysis/statistics.ts";
import { DEFAULT_ENGINE, type Estimator, estimator } from "../../../suite/launch/estimate.ts";
import { readStepTimes, type StepTime, type StepTimes } from "../../../suite/launch/step-times.ts";
import type { CellPlan } from "../../../suite/protocol/plan.ts";
import type { TaskDeclaration } from "../../../suite/protocol/task.ts";
import { tierOf } from "../../../suite/protocol/tasks.ts";
import type { Cell, CellFile } from "../../../suite/results/schema.ts";
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

/** Committed trials as step times, by machine. */
function timesOfTrials(files: readonly CellFile[]): StepTimes[] {
  const own = files.filter(
    ({ device }) =>
      device.backend === DEFAULT_ENGINE.backend && device.device === DEFAULT_ENGINE.device,
  );
  return [...groupBy(own, ({ device }) => device.class)].map(([deviceClass, group]) => ({
    deviceClass,
    measuredAt: group.map(newest).sort().at(-1) ?? "",
    commit: group[0]?.trials[0]?.provenance.commit ?? "unknown",
    entries: group.flatMap(entryOf),
  }));
}

const newest = ({ trials }: CellFile) =>
  trials.reduce((last, { provenance: { startedAt } }) => (startedAt > last ? startedAt : last), "");

function entryOf({ cell, trials }: CellFile): StepTime[] {
  const done = trials.filter(({ status, cost }) => status === "finished" && cost.steps > 0);
  if (done.length === 0) return [];
  const { task, tier, optimizer, batchSize } = cell;
  const perStep = done.map(({ cost }) => cost.seconds.train / cost.steps);
  const each = (of: (trial: (typeof done)[number]) => number) => median(done.map(of));
  return [
    {
      task,
      tier,
      optimizer,
      batchSize,
      stepSeconds: median(perStep),
      fastestStepSeconds: Math.min(...perStep),
      evaluationSeconds: each(
        ({ cost, evaluations }) => cost.seconds.evaluate / Math.max(1, evaluations.step.length),
      ),
      finalSeconds: 0,
      compileSeconds: each(({ cost }) => cost.seconds.compile),
    },
  ];
}

/** Runs these cells of one optimizer, tuned. */
export function benchCommand(
  { tier, task, optimizer }: Pick<Cell, "tier" | "task" | "optimizer">,
  batchSizes: readonly number[],
  datasetSizes: readonly number[],
): string {
  return `npm run bench -- --task ${task} --tier ${tier} --optimizer ${optimizer} --batch-size ${batchSizes.join(",")} --dataset-size ${datasetSizes.join(",")} --tune`;
}
