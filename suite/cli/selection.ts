/** @file Which trials a command is about: the options that `bench` and `plan` share. */
import { type Command, Option } from "commander";
import type { OptimizerDeclaration } from "../optimizer/declaration.ts";
import type { Configuration } from "../optimizer/search.ts";
import { completeConfiguration, searchedConfigurations } from "../protocol/configuration.ts";
import { UsageError } from "../protocol/error.ts";
import { BOARD_ARM, type CellPlan, planCells } from "../protocol/plan.ts";
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
import {
  configuration,
  names,
  naturalNumber,
  positiveInteger,
  positiveIntegers,
} from "./options.ts";

export interface SelectionOptions {
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
  threads?: number;
}

export interface Selection {
  readonly task: TaskDeclaration;
  readonly tier: Tier;
  readonly protocol: TierProtocol;
  readonly plans: readonly CellPlan[];
}

export function addSelectionOptions(command: Command): Command {
  return command
    .option("--task <id>", "task to run (bench --list shows them)")
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
    .option("--tune [configurations]", "search hyperparameters first", positiveInteger("--tune"))
    .option("--set <name=value,…>", "hyperparameters", configuration)
    .addOption(new Option("--backend <name>").choices(BACKENDS).default("onnxruntime"))
    .addOption(new Option("--device <name>").choices(DEVICES).default("cpu"))
    .option(
      "--threads <count>",
      "threads of each process; default 1",
      positiveInteger("--threads"),
    );
}

/** @throws UsageError for unknown names and settings. */
export async function select(options: SelectionOptions): Promise<Selection> {
  const { tier } = options;
  if (!options.task) {
    throw new UsageError("No task was given.", "For example: npm run bench -- --task mnist-mlp");
  }
  const task = await loadTask(options.task);
  const protocol = tierOf(task, tier);
  const optimizers = await Promise.all(options.optimizer.map((id) => loadOptimizer(id)));
  return { task, tier, protocol, plans: plan(options, task, protocol, optimizers) };
}

function plan(
  options: SelectionOptions,
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
