/** @file `npm run plan`: what would run, what it costs, and how another engine can run it. */
import { mkdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { Command, Option } from "commander";
import { costOfPlan } from "../launch/estimate.ts";
import { githubMatrix } from "../launch/github.ts";
import { MAX_SHARDS, shardSeconds, shardsOf } from "../launch/shards.ts";
import { slurmScript } from "../launch/slurm.ts";
import { readStepTimes } from "../launch/step-times.ts";
import { positiveInteger } from "./options.ts";
import { planText } from "./plan-view.ts";
import { runCommand } from "./run.ts";
import { addSelectionOptions, type SelectionOptions, select } from "./selection.ts";

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
    const { task, tier, plans } = await select(options);
    const times = readStepTimes();
    const known = { times, task };
    const shards = shardsOf(plans, Math.min(options.shards, MAX_SHARDS), known);
    if (options.launch === "github") {
      const matrix = githubMatrix(shards, (shard) => shardSeconds(shard, known));
      process.stdout.write(`${JSON.stringify(matrix)}\n`);
    } else if (options.launch === "slurm") {
      mkdirSync(`${ROOT}.crossover/slurm`, { recursive: true });
      const longest = Math.max(...shards.map((shard) => shardSeconds(shard, known) ?? 0));
      process.stdout.write(
        slurmScript({
          arguments: selectionArguments(process.argv.slice(2)),
          shards: shards.length,
          cpus: options.cpus,
          // Twice the estimate: nodes differ, and a job that ends early costs nothing.
          minutes: options.minutes ?? (Math.ceil((2 * longest) / options.cpus / 60) || 24 * 60),
          gpu: options.device !== "cpu",
        }),
      );
    } else {
      const { backend, device, threads = 1 } = options;
      const engine = { backend, device, threads, workers: availableParallelism() };
      const root = `${ROOT}${tier === "smoke" ? ".crossover/results" : "results"}`;
      const cost = costOfPlan(plans, { root, times, task, engine });
      process.stdout.write(options.json ? `${JSON.stringify(cost, null, 1)}\n` : planText(cost));
    }
  });

/** What was given, less the options that only `plan` has. */
function selectionArguments(given: readonly string[]): string[] {
  const own = new Set(["--launch", "--shards", "--cpus", "--minutes"]);
  return given.filter((word, i) => !own.has(word) && !own.has(given[i - 1] ?? ""));
}

await runCommand(command);
