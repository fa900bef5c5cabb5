/** @file `npm run bench`: runs trials, shows progress, ends with the board and the crossover. */
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { Command, Option } from "commander";
import type { EngineChoice } from "../launch/messages.ts";
import { launchProcesses } from "../launch/processes.ts";
import type { OptimizerDeclaration } from "../optimizer/declaration.ts";
import type { Configuration } from "../optimizer/search.ts";
import { completeConfiguration, searchedConfigurations } from "../protocol/configuration.ts";
import { UsageError } from "../protocol/error.ts";
import { BOARD_ARM, type CellPlan, planCells, trialCount } from "../protocol/plan.ts";
import { loadOptimizer } from "../protocol/registry.ts";
import type { TaskDeclaration, TierProtocol } from "../protocol/task.ts";
import { loadTask, tierOf } from "../protocol/tasks.ts";
import {
  BACKENDS,
  type Backend,
  DEVICES,
  type Device,
  TIERS,
  type Tier,
} from "../results/schema.ts";
import { interruptible } from "./interrupt.ts";
import { printList } from "./list.ts";
import {
  configuration,
  names,
  naturalNumber,
  positiveInteger,
  positiveIntegers,
} from "./options.ts";
import { progressView } from "./progress.ts";
import { runCommand } from "./run.ts";
import { printSummary } from "./summary.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

interface BenchOptions {
  task?: string;
  tier: Tier;
  optimizer: string[];
  batchSize?: number[];
  datasetSize?: number[];
  seeds?: number;
  seed?: number;
  tune?: number | true;
  set?: Configuration;
  backend: Backend;
  device: Device;
  workers?: number;
  threads?: number;
  dryRun?: boolean;
  json?: boolean;
  list?: boolean;
}

const command = new Command("bench")
  .description("Train with every chosen optimizer over batch sizes, and see where curves cross.")
  .option("--task <id>", "task to run (see --list)")
  .addOption(new Option("--tier <tier>", "scale of the protocol").choices(TIERS).default("smoke"))
  .option("--optimizer <ids>", "optimizers, separated by commas", names, [
    "sgd",
    "adamw",
    "kfac",
    "kfac-local",
  ])
  .option("--batch-size <sizes>", "batch sizes", positiveIntegers("--batch-size"))
  .option("--dataset-size <sizes>", "training examples", positiveIntegers("--dataset-size"))
  .option("--seeds <count>", "report seeds 1 to <count>", positiveInteger("--seeds"))
  .option("--seed <seed>", "one report seed", naturalNumber("--seed"))
  .option("--tune [configurations]", "search hyperparameters first", (text) =>
    positiveInteger("--tune")(text),
  )
  .option("--set <name=value,…>", "hyperparameters", configuration)
  .addOption(new Option("--backend <name>").choices(BACKENDS).default("onnxruntime"))
  .addOption(new Option("--device <name>").choices(DEVICES).default("cpu"))
  .option("--workers <count>", "processes; default: one per core", positiveInteger("--workers"))
  .option("--threads <count>", "threads of each process; default 1", positiveInteger("--threads"))
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
  npm run bench -- --task mnist-mlp --tier paper --dry-run`,
  )
  .action(bench);

async function bench(options: BenchOptions): Promise<void> {
  if (options.list) return printList();
  if (!options.task) {
    throw new UsageError("No task was given.", "For example: npm run bench -- --task mnist-mlp");
  }
  const task = await loadTask(options.task);
  const protocol = tierOf(task, options.tier);
  const optimizers = await Promise.all(options.optimizer.map((id) => loadOptimizer(id)));
  const plans = plan(options, task, protocol, optimizers);
  const runnable = plans.filter(({ invalid }) => !invalid);
  const mode = options.json ? "json" : process.stderr.isTTY ? "bar" : "lines";
  if (options.dryRun) return printPlan(plans);
  if (runnable.length === 0) {
    throw new UsageError(
      `No cell can be run: ${plans[0]?.invalid ?? "nothing was chosen"}.`,
      "Choose a smaller --batch-size or a larger --dataset-size.",
    );
  }
  const root = fileURLToPath(
    new URL(options.tier === "smoke" ? ".crossover/results" : "results", `file://${ROOT}`),
  );
  const engine = engineChoice(options, runnable.length);
  // Loads (and, the first time, downloads) here, with progress; the workers find it in the cache.
  await protocol.load({ onProgress: (message) => process.stderr.write(`${message}\n`) });
  const view = progressView(runnable, mode);
  const failures: string[] = [];
  const { interrupted } = await interruptible(view.note, (signal) =>
    launchProcesses(longestFirst(runnable, protocol), {
      engine,
      root,
      scratch: fileURLToPath(new URL(".crossover/scratch", `file://${ROOT}`)),
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
  if (!options.json) await printSummary({ root, task, tier: options.tier, plans });
  if (failures.length > 0) throw new Error(`Failed:\n  ${failures.join("\n  ")}`);
}

function plan(
  options: BenchOptions,
  task: TaskDeclaration,
  protocol: TierProtocol,
  optimizers: readonly OptimizerDeclaration[],
): CellPlan[] {
  const { tier, tune, set, seed, seeds } = options;
  const fullSize = protocol.datasetSizes.at(-1) as number;
  const reportSeeds =
    seed !== undefined
      ? [seed]
      : Array.from({ length: seeds ?? protocol.tuning.reportSeeds }, (_, i) => i + 1);
  const count = tune === true ? protocol.tuning.configurations : tune;
  return planCells({
    task,
    tier,
    arm: BOARD_ARM,
    optimizers,
    configurations: (optimizer) =>
      count
        ? searchedConfigurations(optimizer, protocol, count)
        : [completeConfiguration(optimizer, protocol, set)],
    batchSizes: options.batchSize ?? protocol.batchSizes,
    datasetSizes: options.datasetSize ?? [fullSize],
    reportSeeds,
  });
}

/** One thread per process: N cores give N times the trials of one. */
function engineChoice(
  { backend, device, workers, threads }: BenchOptions,
  cells: number,
): EngineChoice {
  const most = Math.min(cells, availableParallelism());
  return {
    backend,
    device,
    workers: workers ?? (device === "cpu" ? most : 1),
    threads: threads ?? 1,
  };
}

/** Small batches make the most updates: their cells take longest. */
function longestFirst(plans: readonly CellPlan[], { budget }: TierProtocol): CellPlan[] {
  const updates = ({ cell }: CellPlan) =>
    budget.unit === "steps" ? cell.batchSize : cell.datasetSize / cell.batchSize;
  return [...plans].sort((a, b) => updates(b) - updates(a));
}

function printPlan(plans: readonly CellPlan[]): void {
  const trials = plans.reduce((sum, one) => sum + trialCount(one), 0);
  for (const { cell, invalid, configurations, reportSeeds } of plans) {
    const what = invalid
      ? `invalid: ${invalid}`
      : `${configurations.length > 1 ? `${configurations.length} configurations, ` : ""}${reportSeeds.length} report seeds`;
    process.stdout.write(
      `${cell.optimizer}  batch ${cell.batchSize}  dataset ${cell.datasetSize}  ${what}\n`,
    );
  }
  process.stdout.write(`${plans.length} cells, ${trials} trials\n`);
}

await runCommand(command);
