/** @file Which trials a command is about: the options that `bench` and `plan` share. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Command, Option } from "commander";
import { MAX_CELL_TRIALS } from "../launch/plan-cost.ts";
import type { OptimizerDeclaration } from "../optimizer/declaration.ts";
import type { Configuration } from "../optimizer/search.ts";
import {
  type CellSizes,
  completeConfiguration,
  searchedConfigurations,
} from "../protocol/configuration.ts";
import { UsageError, unknownName } from "../protocol/error.ts";
import { type CellPlan, EXPLORE_ARM, planCells, trialCount } from "../protocol/plan.ts";
import { loadOptimizer } from "../protocol/registry.ts";
import type { TaskDeclaration, TierProtocol } from "../protocol/task.ts";
import { loadTask, tierOf } from "../protocol/tasks.ts";
import {
  BACKENDS,
  type Backend,
  BOARD_ARM,
  DEVICES,
  type Device,
  TIERS,
  type Tier,
} from "../results/schema.ts";
import { STUDIES } from "../studies/index.ts";
import type { StudyCells, StudyDeclaration } from "../studies/study.ts";
import {
  configuration,
  names,
  naturalNumber,
  positiveInteger,
  positiveIntegers,
} from "./options.ts";

const REPOSITORY = fileURLToPath(new URL("../../", import.meta.url));

/** Of a task; a study has its own. */
const DEFAULT_OPTIMIZERS = ["sgd", "adamw", "kfac", "kfac-local"];

export interface SelectionOptions {
  task?: string;
  study?: string;
  tier: Tier;
  optimizer?: string[];
  batchSize?: number[];
  datasetSize?: number[];
  seeds?: number;
  seed?: number;
  tune?: number | true;
  stopEarly?: boolean;
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
  readonly study?: StudyDeclaration;
}

export function addSelectionOptions(command: Command): Command {
  return command
    .option("--task <id>", "task to run (bench --list shows them)")
    .option("--study <id>", "a figure or table of the paper: its task, its cells")
    .addOption(new Option("--tier <tier>", "scale of the protocol").choices(TIERS).default("smoke"))
    .option(
      "--optimizer <ids>",
      `optimizers, separated by commas; default ${DEFAULT_OPTIMIZERS.join(",")}, or the study's`,
      names,
    )
    .option("--batch-size <sizes>", "batch sizes", positiveIntegers("--batch-size"))
    .option("--dataset-size <sizes>", "training examples", positiveIntegers("--dataset-size"))
    .option("--seeds <count>", "report seeds 1 to <count>", positiveInteger("--seeds"))
    .option("--seed <seed>", "one report seed", naturalNumber("--seed"))
    .option("--tune [configurations]", "search hyperparameters first", positiveInteger("--tune"))
    .option("--stop-early", "end hopeless tuning trials; into the arm explore, not on boards")
    .option("--set <name=value,…>", "hyperparameters; --tune searches the others", configuration)
    .addOption(new Option("--backend <name>").choices(BACKENDS).default("onnxruntime"))
    .addOption(new Option("--device <name>").choices(DEVICES).default("cpu"))
    .option(
      "--threads <count>",
      "threads of each process; default 1",
      positiveInteger("--threads"),
    );
}

/** For a plan without a valid cell. */
export function nothingToRun(plans: readonly CellPlan[]): UsageError {
  return new UsageError(
    `No cell can be run: ${plans[0]?.invalid ?? "nothing was chosen"}.`,
    "Choose a smaller --batch-size or a larger --dataset-size.",
  );
}

/** Trials of tier `smoke` stay out of the repository. */
export function resultsRoot(tier: Tier): string {
  return `${REPOSITORY}${tier === "smoke" ? ".crossover/results" : "results"}`;
}

/** Folder of one task's result files; it may not exist yet. */
export function taskResults(tier: Tier, task: string): string {
  return join(resultsRoot(tier), tier, task);
}

/** @throws UsageError for unknown names and settings, and for cells that no file has room for. */
export async function select(options: SelectionOptions): Promise<Selection> {
  const selection = await selectCells(options);
  const most = Math.max(0, ...selection.plans.map(trialCount));
  if (most > MAX_CELL_TRIALS) {
    throw new UsageError(
      `A cell would have ${most} trials; its result file has room for about ${MAX_CELL_TRIALS}.`,
      "Choose fewer configurations with --tune, or fewer --seeds.",
    );
  }
  return selection;
}

async function selectCells(options: SelectionOptions): Promise<Selection> {
  const { tier } = options;
  if (options.stopEarly && (options.study || !options.tune)) {
    throw new UsageError(
      "--stop-early was given without --tune, or with --study.",
      "It ends tuning trials: add --tune. A study's configurations all get the same budget.",
    );
  }
  if (options.study) return selectStudy(options.study, options);
  if (!options.task) {
    throw new UsageError(
      "Neither a task nor a study was given.",
      "For example: npm run bench -- --task mnist-mlp",
    );
  }
  const task = await loadTask(options.task);
  const protocol = tierOf(task, tier);
  const optimizers = await Promise.all(
    (options.optimizer ?? DEFAULT_OPTIMIZERS).map((id) => loadOptimizer(id)),
  );
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
  const chosenSeeds =
    seed !== undefined ? [seed] : reportSeeds(seeds ?? protocol.tuning.reportSeeds);
  const count = tune === true ? protocol.tuning.configurations : tune;
  const tooLarge = options.datasetSize?.find((size) => size > fullSize);
  if (tooLarge) {
    throw new UsageError(
      `--dataset-size was given ${tooLarge}, but ${task.id} has ${fullSize} examples at tier ${tier}.`,
      `Choose ${protocol.datasetSizes.join(", ")} or another size up to ${fullSize}.`,
    );
  }
  const exploring =
    options.stopEarly ||
    (count && set) ||
    set?.variant === "asdl" ||
    (tier !== "smoke" && !(onGrid(options, protocol) && keepsProtocol(set, protocol)));
  return planCells({
    task,
    tier,
    arm: exploring ? EXPLORE_ARM : BOARD_ARM,
    optimizers,
    configurations: (optimizer, sizes) =>
      count
        ? searchedConfigurations(optimizer, protocol, sizes, count, set)
        : [completeConfiguration(optimizer, protocol, sizes, set)],
    batchSizes: options.batchSize ?? protocol.batchSizes,
    datasetSizes: options.datasetSize ?? [fullSize],
    reportSeeds: chosenSeeds,
    ...(options.stopEarly && { stopEarly: true }),
  });
}

/** Boards have the tier's own sizes; others are anybody's to explore. */
function onGrid({ batchSize, datasetSize }: SelectionOptions, protocol: TierProtocol): boolean {
  return (
    (batchSize ?? []).every((size) => protocol.batchSizes.includes(size)) &&
    (datasetSize ?? []).every((size) => protocol.datasetSizes.includes(size))
  );
}

/** What the task fixes is the same for all on a board. */
function keepsProtocol(set: Configuration = {}, { fixed }: TierProtocol): boolean {
  return Object.entries(set).every(([name, value]) => (fixed[name] ?? value) === value);
}

/** Configurations of a study at `smoke`: enough to see that it works. */
const SMOKE_CONFIGURATIONS = 3;

/** A study's cells; optimizers and sizes, where given, choose some of them. */
async function selectStudy(id: string, options: SelectionOptions): Promise<Selection> {
  const { tier } = options;
  const study = STUDIES.find((one) => one.id === id);
  if (!study) {
    throw unknownName(
      "study",
      id,
      STUDIES.map((one) => one.id),
    );
  }
  const own = (["task", "tune", "set", "seed", "seeds"] as const).filter(
    (name) => options[name] !== undefined,
  );
  if (own.length > 0) {
    throw new UsageError(
      `--study was given with --${own.join(", --")}: a study has its own.`,
      "Leave it out. --optimizer, --batch-size and --dataset-size choose some of a study's cells.",
    );
  }
  const task = await loadTask(study.task);
  const protocol = tierOf(task, tier);
  const { tuning } = protocol;
  const plans = await Promise.all(
    chosenCells(study.cells(protocol, tier), id, options).map(async (cells) => {
      const optimizer = await loadOptimizer(cells.optimizer);
      const configurations = (sizes: CellSizes) =>
        cells.configurations?.map((one) =>
          completeConfiguration(optimizer, protocol, sizes, one),
        ) ?? searchedConfigurations(optimizer, protocol, sizes, tuning.configurations);
      return planCells({
        task,
        tier,
        arm: study.arm,
        optimizers: [optimizer],
        configurations: (_, sizes) =>
          tier === "smoke"
            ? thinned(configurations(sizes), SMOKE_CONFIGURATIONS)
            : configurations(sizes),
        batchSizes: cells.batchSizes,
        datasetSizes: cells.datasetSizes,
        ...(cells.tuneSeeds && tier !== "smoke" && { tuneSeeds: cells.tuneSeeds }),
        reportSeeds: reportSeeds(tuning.reportSeeds),
        ...(cells.diagnosticPoints !== undefined && { diagnosticPoints: cells.diagnosticPoints }),
      });
    }),
  );
  return { task, tier, protocol, plans: plans.flat(), study };
}

/** @throws UsageError for an optimizer or a size that the study does not have. */
function chosenCells(
  all: readonly StudyCells[],
  id: string,
  { optimizer, batchSize, datasetSize }: SelectionOptions,
): StudyCells[] {
  const among = <T extends string | number>(
    what: string,
    given: readonly T[] | undefined,
    known: readonly T[],
  ) => {
    const unknown = given?.find((one) => !known.includes(one));
    if (unknown !== undefined) {
      throw new UsageError(
        `--${what} was given ${unknown}, which ${id} does not have.`,
        `Choose among ${[...new Set(known)].join(", ")}.`,
      );
    }
    return (one: T) => given?.includes(one) ?? true;
  };
  const optimizers = all.map((cells) => cells.optimizer);
  const chosen = among("optimizer", optimizer, optimizers);
  const batchSizes = all.flatMap((cells) => cells.batchSizes);
  const ofBatch = among("batch-size", batchSize, batchSizes);
  const datasetSizes = all.flatMap((cells) => cells.datasetSizes);
  const ofDataset = among("dataset-size", datasetSize, datasetSizes);
  return all
    .filter((cells) => chosen(cells.optimizer))
    .map((cells) => ({
      ...cells,
      batchSizes: cells.batchSizes.filter(ofBatch),
      datasetSizes: cells.datasetSizes.filter(ofDataset),
    }));
}

/** `count` entries, evenly spread, the first and the last included. */
function thinned<T>(all: readonly T[], count: number): T[] {
  if (all.length <= count) return [...all];
  return Array.from(
    { length: count },
    (_, i) => all[Math.round((i * (all.length - 1)) / (count - 1))] as T,
  );
}

/** Seeds come from one fixed list: 1, 2, 3 … */
const reportSeeds = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1);
