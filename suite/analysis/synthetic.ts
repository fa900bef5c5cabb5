/**
 * Synthetic trials with planted crossovers: what the tests of the analysis, the store and the site
 * run on. Deterministic, valid by the schema, and shaped like real ones (curves, divergence at large
 * learning rates, an optimum of learning rate and damping that moves with the batch size). Never
 * commit what it makes as results.
 */
import {
  type Cell,
  type CellFile,
  type DeviceClass,
  type Hyperparameters,
  SCHEMA_VERSION,
  type Tier,
  type Trial,
} from "../results/schema.ts";
import type { TaskFacts } from "./metric.ts";
import { at } from "./statistics.ts";
import { syntheticTrial } from "./synthetic-trial.ts";

export interface SyntheticOptimizer {
  id: string;
  /**
   * Lead over the baseline curve at the best configuration: `perDoubling` accuracy for each doubling
   * of the batch size past `from`, at the largest dataset. Where the dataset is k times smaller, `from`
   * is k times smaller too. Absent: the baseline curve itself.
   */
  lead?: { from: number; perDoubling: number };
  /** Tunes damping besides the learning rate. */
  damped?: boolean;
  /** Training FLOPs relative to SGD's. */
  cost?: number;
}

export interface SyntheticOptions {
  tier?: Tier;
  task?: string;
  arm?: string;
  optimizers?: readonly SyntheticOptimizer[];
  batchSizes?: readonly number[];
  datasetSizes?: readonly number[];
  learningRates?: readonly number[];
  dampings?: readonly number[];
  reportSeeds?: readonly number[];
  classes?: number;
  epochs?: number;
  /** Standard deviation of test accuracy over seeds. */
  noise?: number;
  device?: DeviceClass;
  seed?: number;
  /** The store's own key for a trial; a hash of the same content by default. */
  keyOf?: (cell: Cell, trial: Omit<Trial, "key">, device: DeviceClass) => string;
}

export const SYNTHETIC_OPTIMIZERS: readonly SyntheticOptimizer[] = [
  { id: "adamw", cost: 1.05 },
  { id: "foof", lead: { from: 64, perDoubling: 0.002 }, damped: true, cost: 1.6 },
  { id: "kfac", lead: { from: 700, perDoubling: 0.003 }, damped: true, cost: 1.9 },
  { id: "kfac-local", lead: { from: 1500, perDoubling: 0.003 }, damped: true, cost: 1.8 },
  { id: "psgd", lead: { from: 1 << 20, perDoubling: 0.0005 }, cost: 2.4 },
  { id: "sgd", lead: { from: 1, perDoubling: -0.0005 } },
  { id: "shampoo", lead: { from: 4, perDoubling: 0.0015 }, damped: true, cost: 2.1 },
];

export const SYNTHETIC_DEVICE: DeviceClass = {
  class: "onnxruntime-cpu-synthetic-1t",
  backend: "onnxruntime",
  device: "cpu",
  processor: "Synthetic processor",
  threads: 1,
};

const DEFAULTS = {
  tier: "mini",
  task: "mnist-mlp",
  arm: "board",
  optimizers: SYNTHETIC_OPTIMIZERS,
  batchSizes: [32, 64, 128, 256, 512, 1024, 2048, 4096, 8192],
  datasetSizes: [50_000],
  learningRates: [0.3, 0.1, 0.03, 0.01, 0.003, 0.001],
  dampings: [1, 0.1, 0.01, 0.001],
  reportSeeds: [1, 2, 3],
  classes: 10,
  epochs: 10,
  noise: 0.0006,
  device: SYNTHETIC_DEVICE,
  seed: 1,
} as const satisfies SyntheticOptions;

/** The facts of a synthetic task, for `scoreCells` and `buildBoard`. */
export function syntheticFacts(tier: Tier = "mini"): TaskFacts {
  const selection = tier === "paper" ? "cross-fitted" : "validation";
  return { primary: "accuracy", selection, chance: 0.1, competenceFloor: 0.9 };
}

type Settings = Required<Omit<SyntheticOptions, "keyOf">> & Pick<SyntheticOptions, "keyOf">;

/** One file per optimizer, batch size and dataset size; cells under 20 updates are left out. */
export function syntheticFiles(options: SyntheticOptions = {}): CellFile[] {
  const settings: Settings = { ...DEFAULTS, ...options };
  return settings.datasetSizes.flatMap((datasetSize) =>
    settings.optimizers.flatMap((optimizer) =>
      settings.batchSizes
        .filter((batchSize) => stepsOf(settings, batchSize, datasetSize) >= 20)
        .map((batchSize) => cellFile(settings, { optimizer, batchSize, datasetSize })),
    ),
  );
}

/** Files with at least `count` trials in all: as many synthetic tasks as that takes. */
export function syntheticTrials(count: number, options: SyntheticOptions = {}): CellFile[] {
  const files: CellFile[] = [];
  for (let task = 1, trials = 0; trials < count; task++) {
    for (const file of syntheticFiles({ ...options, task: `synthetic-${task}`, seed: task })) {
      if (trials >= count) break;
      files.push(file);
      trials += file.trials.length;
    }
  }
  return files;
}

function stepsOf({ epochs }: Settings, batchSize: number, datasetSize: number): number {
  return epochs * Math.floor(datasetSize / batchSize);
}

interface Place {
  optimizer: SyntheticOptimizer;
  batchSize: number;
  datasetSize: number;
}

/** The accuracy of the best configuration, without noise: where the crossovers are planted. */
export function syntheticPeak(place: Place, largestDataset: number): number {
  const { optimizer, batchSize, datasetSize } = place;
  const ratio = largestDataset / datasetSize;
  const batch = Math.log2(batchSize * ratio);
  const baseline = 0.985 - 0.0004 * Math.max(0, batch - 6) ** 1.6 - 0.004 * Math.log2(ratio);
  if (!optimizer.lead) return baseline;
  const { from, perDoubling } = optimizer.lead;
  return Math.min(0.999, baseline + perDoubling * (batch - Math.log2(from)));
}

function cellFile(settings: Settings, place: Place): CellFile {
  const { tier, task, arm, device } = settings;
  const { optimizer, batchSize, datasetSize } = place;
  const cell: Cell = { tier, task, optimizer: optimizer.id, batchSize, datasetSize };
  const configurations = gridOf(settings, optimizer);
  const best = bestConfiguration(settings, place, configurations);
  const peak = syntheticPeak(place, Math.max(...settings.datasetSizes));
  const trialAt = (role: Trial["role"], seed: number, hyperparameters: Hyperparameters) =>
    syntheticTrial(settings, {
      cell,
      role,
      seed,
      hyperparameters,
      steps: stepsOf(settings, batchSize, datasetSize),
      expected: peak - 0.004 * decades(hyperparameters, best),
      diverged: Number(hyperparameters.learningRate) / Number(best.learningRate) > 20,
      preconditioned: optimizer.damped ?? false,
      costFactor: optimizer.cost ?? 1,
    });
  const tuned = configurations.map((one) => trialAt("tune", 0, one));
  const chosen = chooseFrom(tuned, tier);
  const reported = settings.reportSeeds.flatMap((seed) =>
    chosen.map((trial) => trialAt("report", seed, trial.hyperparameters)),
  );
  return { schemaVersion: SCHEMA_VERSION, cell, arm, device, trials: [...tuned, ...reported] };
}

function gridOf(settings: Settings, optimizer: SyntheticOptimizer): Hyperparameters[] {
  if (!optimizer.damped) return settings.learningRates.map((learningRate) => ({ learningRate }));
  return settings.learningRates.flatMap((learningRate) =>
    settings.dampings.map((damping) => ({ damping, learningRate })),
  );
}

/** The optimum grows with the batch size and snaps to the grid, so that it costs no method anything. */
function bestConfiguration(
  settings: Settings,
  { optimizer, batchSize }: Place,
  grid: readonly Hyperparameters[],
): Hyperparameters {
  const smallest = Math.min(...settings.batchSizes);
  const rate = 0.01 * (batchSize / smallest) ** 0.25;
  const target: Hyperparameters = { learningRate: rate };
  if (optimizer.damped) target.damping = rate;
  const distances = grid.map((one) => decades(one, target));
  return at(grid, distances.indexOf(Math.min(...distances)));
}

/** Squared distance in decades. */
function decades(one: Hyperparameters, other: Hyperparameters): number {
  return Object.keys(other).reduce((total, name) => {
    const ratio = Number(one[name]) / Number(other[name]);
    return total + Math.log10(ratio) ** 2;
  }, 0);
}

/** The tier's rule: by validation, or once by each half of the test set. */
function chooseFrom(trials: readonly Trial[], tier: Tier): Trial[] {
  const readers: ((final: Trial["final"]) => number | null | undefined)[] =
    tier === "paper"
      ? [({ halfA }) => halfA?.accuracy, ({ halfB }) => halfB?.accuracy]
      : [({ validationAccuracy }) => validationAccuracy];
  const chosen = readers.flatMap((read) => {
    const finished = trials.filter(({ status }) => status === "finished");
    finished.sort((a, b) => (read(b.final) ?? 0) - (read(a.final) ?? 0));
    return finished.slice(0, 1);
  });
  return [...new Set(chosen)];
}
