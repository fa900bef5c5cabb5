/** @file `bench --list`: what there is to run, and what a trial of it costs where it was measured. */
import { join } from "node:path";
import { DEFAULT_ENGINE, estimator } from "../launch/estimate.ts";
import { knownStepTimes } from "../launch/recorded-times.ts";
import type { StepTimes } from "../launch/step-times.ts";
import { loadOptimizers } from "../protocol/registry.ts";
import type { TaskDeclaration } from "../protocol/task.ts";
import { loadTask, loadTasks, tierOf } from "../protocol/tasks.ts";
import { TIERS, type Tier } from "../results/schema.ts";
import { STUDIES } from "../studies/index.ts";
import { resultsRoot, taskResults } from "./selection.ts";
import { textTable } from "./table.ts";
import { duration } from "./words.ts";

/** Everything; or one task's seconds per trial, where a task is named. */
export async function printList(task: string | undefined, tier: Tier): Promise<void> {
  const text = task
    ? trialTimes(await loadTask(task), tier, knownStepTimes([taskResults(tier, task)]))
    : await everything(knownStepTimes(TIERS.map((one) => join(resultsRoot(one), one))));
  process.stdout.write(`${text}\n`);
}

async function everything(times: readonly StepTimes[]): Promise<string> {
  const { optimizers } = await loadOptimizers();
  const optimizerRows = optimizers.map(({ id, name, family, summary }) => [
    id,
    name,
    family,
    summary,
  ]);
  const studyRows = STUDIES.map(({ id, paper, task, title }) => [id, paper, task, title]);
  return [
    taskTable(await loadTasks(), times),
    "Seconds per trial by optimizer and batch size: npm run bench -- --list --task ID --tier TIER",
    textTable(["optimizer", "name", "family", ""], optimizerRows),
    textTable(["study", "in the paper", "task", ""], studyRows),
  ].join("\n\n");
}

/** One row per task and tier; `a trial` spans the measured methods and batch sizes. */
export function taskTable(tasks: readonly TaskDeclaration[], times: readonly StepTimes[]): string {
  const rows = tasks.flatMap((task) =>
    TIERS.flatMap((tier) => {
      const protocol = task.tiers[tier];
      if (!protocol) return [];
      const { amount, unit } = protocol.budget;
      return [
        [
          task.id,
          tier,
          protocol.batchSizes.join(" "),
          `${amount} ${unit}`,
          range(measured(task, tier, times).flatMap(({ seconds }) => [...seconds.values()])),
          task.summary,
        ],
      ];
    }),
  );
  return textTable(["task", "tier", "batch sizes", "budget", "a trial", ""], rows);
}

function range(seconds: readonly number[]): string {
  if (seconds.length === 0) return "not measured";
  const [least, most] = [Math.min(...seconds), Math.max(...seconds)].map(duration);
  return least === most ? `${least}` : `${least} to ${most}`;
}

/** A row per measured method, a column per batch size, at the full dataset. */
export function trialTimes(task: TaskDeclaration, tier: Tier, times: readonly StepTimes[]): string {
  const { batchSizes } = tierOf(task, tier);
  const rows = measured(task, tier, times);
  if (rows.length === 0) {
    return (
      `No trial of ${task.id}, tier ${tier}, was measured. On a quiet machine:\n` +
      `  npm run speed -- --trials --task ${task.id} --tier ${tier} --threads 1 --write`
    );
  }
  const body = rows.map(({ optimizer, seconds }) => [
    optimizer,
    ...batchSizes.map((size) => {
      const time = seconds.get(size);
      return time === undefined ? "" : duration(time);
    }),
  ]);
  const header = ["optimizer", ...batchSizes.map((size) => `batch ${size}`)];
  return (
    `Time of one trial, ${task.id}, tier ${tier}, as the newest measurement or record has it\n\n` +
    textTable(header, body)
  );
}

interface Row {
  readonly optimizer: string;
  /** By batch size. */
  readonly seconds: ReadonlyMap<number, number>;
}

/** Estimates from the newest table that has the method. */
function measured(task: TaskDeclaration, tier: Tier, times: readonly StepTimes[]): Row[] {
  const { batchSizes, datasetSizes } = tierOf(task, tier);
  const datasetSize = datasetSizes.at(-1) as number;
  const { seconds } = estimator({ times, task, engine: DEFAULT_ENGINE });
  const names = times.flatMap(({ entries }) =>
    entries.filter((e) => e.task === task.id && e.tier === tier).map((e) => e.optimizer),
  );
  return [...new Set(names)].flatMap((optimizer) => {
    const known = batchSizes.flatMap((batchSize) => {
      const cell = { tier, task: task.id, optimizer, batchSize, datasetSize };
      const time = seconds({
        cell,
        arm: "",
        configurations: [{}],
        reportSeeds: [1],
        diagnosticPoints: 0,
      });
      return time === undefined ? [] : [[batchSize, time] as const];
    });
    return known.length === 0 ? [] : [{ optimizer, seconds: new Map(known) }];
  });
}
