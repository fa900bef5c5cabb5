/** @file `npm run plan`: what would run, what it costs, and how another engine can run it. */
import { mkdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { Command, Option } from "commander";
import { describeDevice } from "../engine/devices.ts";
import { estimator } from "../launch/estimate.ts";
import { githubMatrix } from "../launch/github.ts";
import { costOfPlan } from "../launch/plan-cost.ts";
import { knownStepTimes } from "../launch/recorded-times.ts";
import { MAX_SHARDS, shardSeconds, shardsOf } from "../launch/shards.ts";
import { LEAST_MINUTES, slurmScript } from "../launch/slurm.ts";
import { readStepTimes } from "../launch/step-times.ts";
import { UsageError } from "../protocol/error.ts";
import type { CellPlan } from "../protocol/plan.ts";
import { positiveInteger } from "./options.ts";
import { planText } from "./plan-view.ts";
import { runCommand } from "./run.ts";
import {
  addSelectionOptions,
  nothingToRun,
  resultsRoot,
  type Selection,
  type SelectionOptions,
  select,
  taskResults,
} from "./selection.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

interface PlanOptions extends SelectionOptions {
  launch?: "github" | "slurm";
  shards: number;
  cpus: number;
  minutes?: number;
  json?: boolean;
}

const command = addSelectionOptions(new Command("plan"))
  .description("Show what would run and what it costs, or write it for a cluster or a GPU fleet.")
  .addOption(
    new Option("--launch <engine>", "print a GitHub matrix, or a Slurm array script").choices([
      "github",
      "slurm",
    ]),
  )
  .option("--shards <count>", `jobs, at most ${MAX_SHARDS}`, positiveInteger("--shards"), 16)
  .option("--cpus <count>", "cores of a Slurm job", positiveInteger("--cpus"), 2)
  .option("--minutes <count>", "time limit of a Slurm job", positiveInteger("--minutes"))
  .option("--json", "the plan and its cost as JSON")
  .addHelpText(
    "after",
    `
Examples:
  npm run plan -- --task mnist-mlp --tier mini --tune
  npm run plan -- --task mnist-mlp --tier mini --tune --launch github --shards 32
  npm run --silent plan -- --task mnist-mlp --tier mini --tune --launch slurm > sweep.sh && sbatch sweep.sh`,
  )
  .action(async (options: PlanOptions) => {
    const selection = await select(options);
    if (options.launch) process.stdout.write(launchText(options, selection));
    else process.stdout.write(costText(options, selection));
  });

/** For people a table, for machines JSON. */
function costText(options: PlanOptions, { task, tier, plans }: Selection): string {
  const cost = costOfPlan(plans, {
    root: resultsRoot(tier),
    times: knownStepTimes([taskResults(tier, task.id)]),
    task,
    engine: options,
    deviceClass: describeDevice({ ...options, threads: options.threads ?? 1 }).deviceClass,
    workers: availableParallelism(),
  });
  return options.json ? `${JSON.stringify(cost, null, 1)}\n` : planText(cost);
}

/** What another engine takes: a matrix, or an array script. */
function launchText(options: PlanOptions, { task, plans }: Selection): string {
  const estimate = estimator({ times: readStepTimes(), task, engine: options });
  const shards = shardsOf(plans, Math.min(options.shards, MAX_SHARDS), estimate);
  if (shards.length === 0) throw nothingToRun(plans);
  const seconds = (shard: readonly CellPlan[]) => shardSeconds(shard, estimate);
  if (options.launch === "github") return `${JSON.stringify(githubMatrix(shards, seconds))}\n`;
  // Slurm opens a job's log before the job can make its folder.
  mkdirSync(`${ROOT}.crossover/slurm`, { recursive: true });
  const { device, cpus, threads = 1 } = options;
  const workers = device === "cpu" ? Math.max(1, Math.floor(cpus / threads)) : 1;
  const longest = Math.max(...shards.map((shard) => seconds(shard) ?? 0)) / workers;
  return slurmScript({
    arguments: selectionArguments(process.argv.slice(2)),
    shards: shards.length,
    cpus,
    workers,
    minutes: timeLimit(longest, options.minutes),
    gpu: device !== "cpu",
  });
}

/** Minutes of a job: as given, else twice the estimate (nodes differ), else a day. */
function timeLimit(seconds: number, given: number | undefined): number {
  if (given !== undefined && given < LEAST_MINUTES) {
    throw new UsageError(
      `--minutes was given ${given}.`,
      `A job is told to stop two minutes before its limit: give at least ${LEAST_MINUTES}.`,
    );
  }
  if (given !== undefined) return given;
  return seconds > 0 ? Math.max(LEAST_MINUTES, Math.ceil((2 * seconds) / 60)) : 24 * 60;
}

/** What was given, less the options that only `plan` has. */
function selectionArguments(given: readonly string[]): string[] {
  const own = new Set(["--launch", "--shards", "--cpus", "--minutes"]);
  return given.filter(
    (word, i) => !own.has(word.split("=")[0] as string) && !own.has(given[i - 1] ?? ""),
  );
}

await runCommand(command);
