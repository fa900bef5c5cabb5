/** @file `npm run bench`: runs trials, shows progress, ends with the board and the crossover. */
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { describeDevice } from "../engine/devices.ts";
import { type Estimator, estimator } from "../launch/estimate.ts";
import type { EngineChoice } from "../launch/messages.ts";
import { costOfPlan, runningOrder } from "../launch/plan-cost.ts";
import { launchProcesses } from "../launch/processes.ts";
import { knownStepTimes } from "../launch/recorded-times.ts";
import { shardsOf } from "../launch/shards.ts";
import { readStepTimes } from "../launch/step-times.ts";
import { UsageError } from "../protocol/error.ts";
import type { CellPlan } from "../protocol/plan.ts";
import { interruptible } from "./interrupt.ts";
import { printList } from "./list.ts";
import { loadWithProgress } from "./loading.ts";
import { positiveInteger, type Shard, shard } from "./options.ts";
import { leftOutText, planText } from "./plan-view.ts";
import { progressView } from "./progress.ts";
import { runCommand } from "./run.ts";
import {
  addSelectionOptions,
  nothingToRun,
  resultsRoot,
  type SelectionOptions,
  select,
  taskResults,
} from "./selection.ts";
import { printSummary } from "./summary.ts";
import { cellName } from "./time-left.ts";

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
  .option("--list", "tasks, tiers, optimizers, studies; with --task: seconds per trial")
  .addHelpText(
    "after",
    `
Examples:
  npm run bench -- --task mnist-mlp                      try it: a minute, nothing kept for boards
  npm run bench -- --task mnist-mlp --optimizer mine     your own file, optimizers/mine.ts
  npm run bench -- --task mnist-mlp --optimizer kfac --set damping=0.01,learningRate=0.3
  npm run bench -- --task mnist-mlp --tier mini --tune   tuned, three seeds, into results/
  npm run bench -- --task mnist-mlp --tier paper --tune --dry-run
  npm run bench -- --study fig4 --tier mini              a figure of the paper
  npm run bench -- --list                                everything there is to run
  npm run bench -- --list --task mnist-mlp --tier mini   what a trial takes, by optimizer and batch`,
  )
  .action(bench);

async function bench(options: BenchOptions): Promise<void> {
  if (options.list) return printList(options.task, options.tier);
  const { task, tier, protocol, plans: all, study } = await select(options);
  const known = { times: knownStepTimes([taskResults(tier, task.id)]), task, engine: options };
  const estimate = estimator(known);
  const plans = options.shard
    ? partOf(all, options.shard, estimator({ ...known, times: readStepTimes() }))
    : all;
  const runnable = plans.filter(({ invalid }) => !invalid);
  const root = resultsRoot(tier);
  const engine = engineChoice(options, runnable.length);
  const { deviceClass } = describeDevice(engine);
  const costOf = (some: readonly CellPlan[]) =>
    costOfPlan(some, { ...known, root, deviceClass, workers: engine.workers });
  if (options.dryRun) {
    const cost = costOf(plans);
    process.stdout.write(options.json ? `${JSON.stringify(cost, null, 1)}\n` : planText(cost));
    return;
  }
  if (runnable.length === 0) throw nothingToRun(plans);
  process.stderr.write(leftOutText(plans));
  // Loads (and, the first time, downloads) here, with progress; the workers find it in the cache.
  await loadWithProgress(protocol.load);
  const view = progressView(runnable, {
    mode: options.json ? "json" : process.stderr.isTTY ? "bar" : "lines",
    estimate,
    workers: engine.workers,
  });
  const failures: string[] = [];
  const { interrupted } = await interruptible(view.note, (signal) =>
    launchProcesses(runningOrder(costOf(runnable), estimate), {
      engine,
      root,
      scratch: `${ROOT}.crossover/scratch`,
      signal,
      onMessage: view.onMessage,
      onCellEnd: (plan, error) => {
        view.onCellEnd(plan, error);
        if (error) failures.push(`${cellName(plan.cell)}: ${error.message}`);
      },
    }),
  );
  view.stop();
  if (interrupted) {
    process.stderr.write("Stopped. Run the same command again to go on.\n");
    process.exitCode = 1;
    return;
  }
  if (!options.json) await printSummary({ root, task, tier, plans, ...(study && { study }) });
  if (failures.length > 0) throw new Error(`Failed:\n  ${failures.join("\n  ")}`);
}

/** @throws UsageError when the plan has fewer cells than parts. */
function partOf(all: readonly CellPlan[], { part, parts }: Shard, estimate: Estimator) {
  const shards = shardsOf(all, parts, estimate);
  const chosen = shards[part - 1];
  if (chosen) return chosen;
  throw new UsageError(
    `--shard was given ${part}/${parts}, but the plan has only ${shards.length} cells to run.`,
    "npm run plan -- --launch github (or slurm) says which parts there are.",
  );
}

/** One thread per process: N cores give N times the trials of one. */
function engineChoice(
  { backend, device, workers, threads }: BenchOptions,
  cells: number,
): EngineChoice {
  const wanted = workers ?? (device === "cpu" ? availableParallelism() : 1);
  return { backend, device, workers: Math.max(1, Math.min(cells, wanted)), threads: threads ?? 1 };
}

await runCommand(command);
