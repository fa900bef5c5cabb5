/** @file `npm run bench`: runs trials, shows progress, ends with the board and the crossover. */
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { costOfPlan, longestFirst } from "../launch/estimate.ts";
import type { EngineChoice } from "../launch/messages.ts";
import { launchProcesses } from "../launch/processes.ts";
import { shardsOf } from "../launch/shards.ts";
import { readStepTimes } from "../launch/step-times.ts";
import { UsageError } from "../protocol/error.ts";
import { interruptible } from "./interrupt.ts";
import { printList } from "./list.ts";
import { positiveInteger, type Shard, shard } from "./options.ts";
import { planText } from "./plan-view.ts";
import { progressView } from "./progress.ts";
import { runCommand } from "./run.ts";
import { addSelectionOptions, resultsRoot, type SelectionOptions, select } from "./selection.ts";
import { printSummary } from "./summary.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

interface BenchOptions extends SelectionOptions {
  workers?: number;
  shard?: Shard;
  dryRun?: boolean;
  json?: boolean;
  list?: boolean;
}

const command = addSelectionOptions(new Command("bench"))
  .description("Train with every chosen optimizer over batch sizes, and see where curves cross.")
  .option("--workers <count>", "processes; default: one per core", positiveInteger("--workers"))
  .option("--shard <part/parts>", "run one part of the plan (see npm run plan)", shard)
  .option("--dry-run", "show the plan, run nothing")
  .option("--json", "one JSON line per trial on standard output")
  .option("--list", "show tasks, tiers and optimizers")
  .addHelpText(
    "after",
    `
Examples:
  npm run bench -- --task mnist-mlp                      try it: a minute, nothing kept for boards
  npm run bench -- --task mnist-mlp --optimizer mine     your own file, optimizers/mine.ts
  npm run bench -- --task mnist-mlp --optimizer kfac --set damping=0.01,learningRate=0.3
  npm run bench -- --task mnist-mlp --tier mini --tune   tuned, three seeds, into results/
  npm run bench -- --task mnist-mlp --tier paper --tune --dry-run
  npm run bench -- --study fig4 --tier mini              a figure of the paper`,
  )
  .action(bench);

async function bench(options: BenchOptions): Promise<void> {
  if (options.list) return printList();
  const { task, tier, protocol, plans: all, study } = await select(options);
  const times = readStepTimes();
  const { part = 1, parts = 1 } = options.shard ?? {};
  const plans = options.shard ? (shardsOf(all, parts, { times, task })[part - 1] ?? []) : all;
  const runnable = plans.filter(({ invalid }) => !invalid);
  const root = resultsRoot(tier);
  const engine = engineChoice(options, runnable.length);
  if (options.dryRun) {
    const cost = costOfPlan(plans, { root, times, task, engine });
    process.stdout.write(options.json ? `${JSON.stringify(cost, null, 1)}\n` : planText(cost));
    return;
  }
  if (runnable.length === 0) {
    throw new UsageError(
      `No cell can be run: ${plans[0]?.invalid ?? "nothing was chosen"}.`,
      "Choose a smaller --batch-size or a larger --dataset-size.",
    );
  }
  // Loads (and, the first time, downloads) here, with progress; the workers find it in the cache.
  await protocol.load({ onProgress: (message) => process.stderr.write(`${message}\n`) });
  const view = progressView(
    runnable,
    options.json ? "json" : process.stderr.isTTY ? "bar" : "lines",
  );
  const failures: string[] = [];
  const { interrupted } = await interruptible(view.note, (signal) =>
    launchProcesses(longestFirst(runnable, { times, task }), {
      engine,
      root,
      scratch: `${ROOT}.crossover/scratch`,
      signal,
      onMessage: view.onMessage,
      onFailure: ({ cell }, error) => {
        failures.push(`${cell.optimizer}, batch ${cell.batchSize}: ${error.message}`);
      },
    }),
  );
  view.stop();
  if (interrupted) {
    process.stderr.write("Stopped. Run the same command again to go on.\n");
    process.exitCode = 1;
    return;
  }
  if (!options.json) printSummary({ root, task, tier, plans, ...(study && { study }) });
  if (failures.length > 0) throw new Error(`Failed:\n  ${failures.join("\n  ")}`);
}

/** One thread per process: N cores give N times the trials of one. */
function engineChoice(
  { backend, device, workers, threads }: BenchOptions,
  cells: number,
): EngineChoice {
  const most = Math.max(1, Math.min(cells, availableParallelism()));
  return {
    backend,
    device,
    workers: workers ?? (device === "cpu" ? most : 1),
    threads: threads ?? 1,
  };
}

await runCommand(command);
