/** One synthetic trial: its curves, final values, cost and provenance. See synthetic.ts. */
import type { Cell, DeviceClass, Hyperparameters, Tier, Trial } from "../results/schema.ts";
import { configurationKey } from "./configuration.ts";
import { drawNormal, type Random, randomFrom, seedOf } from "./random.ts";

/** What all trials of a cell share. */
export interface TrialSettings {
  tier: Tier;
  classes: number;
  epochs: number;
  noise: number;
  device: DeviceClass;
  seed: number;
  keyOf?: (cell: Cell, trial: Omit<Trial, "key">, device: DeviceClass) => string;
}

export interface TrialRequest {
  cell: Cell;
  steps: number;
  /** Accuracy of this configuration without noise. */
  expected: number;
  diverged: boolean;
  preconditioned: boolean;
  /** Training FLOPs relative to SGD's. */
  costFactor: number;
  role: Trial["role"];
  seed: number;
  hyperparameters: Hyperparameters;
}

const PARAMETERS = ["dense1/weights", "dense2/weights"];

export function syntheticTrial(settings: TrialSettings, request: TrialRequest): Trial {
  const { cell, role, seed, hyperparameters, diverged, preconditioned } = request;
  const name = configurationKey(hyperparameters);
  const random = randomFrom(seedOf(settings.seed, ...Object.values(cell), name, seed));
  const body: Omit<Trial, "key"> = {
    role,
    seed,
    versions: { task: 1, optimizer: 1 },
    hyperparameters,
    budget: { unit: "epochs", amount: settings.epochs },
    status: diverged ? "diverged" : "finished",
    ...(diverged ? { reason: "The loss was not finite." } : {}),
    preconditioned: preconditioned ? PARAMETERS : [],
    plain: preconditioned ? [] : PARAMETERS,
    ...measurements(settings, request, random),
    events: { clippedSteps: 0, inverseRetries: 0, keptInverses: 0, skippedUpdates: 0 },
    fingerprint: hexOf(64, settings.seed, JSON.stringify(cell), name, seed),
    provenance: provenance(cell),
  };
  const key =
    settings.keyOf?.(cell, body, settings.device) ??
    hexOf(32, JSON.stringify(cell), settings.device.class, name, seed, role);
  return { key, ...body };
}

const rounded = (value: number) => Number(value.toPrecision(6));
const lossOf = (accuracy: number) => rounded(3.2 * (1 - accuracy) + 0.01);

type Measurements = Pick<Trial, "evaluations" | "training" | "final" | "cost">;

function measurements(
  settings: TrialSettings,
  request: TrialRequest,
  random: Random,
): Measurements {
  const { expected, diverged } = request;
  const accuracy = (offset: number) => {
    const value = expected + offset + settings.noise * drawNormal(random);
    return rounded(Math.min(1, Math.max(0, value)));
  };
  const [train, validation, halfA, halfB] = [
    accuracy(0.003),
    accuracy(0),
    accuracy(0),
    accuracy(0),
  ];
  const test = settings.tier === "paper" ? rounded((halfA + halfB) / 2) : halfA;
  const paper = settings.tier === "paper";
  const final: Trial["final"] = diverged
    ? nothingFinite(paper)
    : {
        trainLoss: lossOf(train),
        trainAccuracy: train,
        ...(paper ? {} : { validationLoss: lossOf(validation), validationAccuracy: validation }),
        testLoss: lossOf(test),
        testAccuracy: test,
        ...(paper
          ? {
              halfA: { loss: lossOf(halfA), accuracy: halfA },
              halfB: { loss: lossOf(halfB), accuracy: halfB },
            }
          : {}),
      };
  const cost = costOf(settings, request);
  return { final, cost, ...curves(settings, request, { final, cost }) };
}

function nothingFinite(paper: boolean): Trial["final"] {
  const half = { loss: null, accuracy: null };
  return {
    trainLoss: null,
    trainAccuracy: null,
    ...(paper ? {} : { validationLoss: null, validationAccuracy: null }),
    testLoss: null,
    testAccuracy: null,
    ...(paper ? { halfA: half, halfB: half } : {}),
  };
}

/** One evaluation per epoch (and before the first), rising to the final values. */
function curves(
  settings: TrialSettings,
  { steps, diverged }: TrialRequest,
  { final, cost }: Pick<Trial, "final" | "cost">,
) {
  const { epochs, classes } = settings;
  const ticks = Array.from({ length: epochs + 1 }, (_, epoch) => epoch);
  const progress = (epoch: number) => (1 - Math.exp(-0.6 * epoch)) / (1 - Math.exp(-0.6 * epochs));
  const rise = (end: number | null | undefined, start: number) =>
    ticks.map((epoch) => {
      if (diverged && epoch > epochs / 2) return null;
      const reached = end ?? start;
      return epoch === epochs
        ? (end ?? null)
        : rounded(start + (reached - start) * progress(epoch));
    });
  const share = (total: number) => ticks.map((epoch) => rounded((total * epoch) / epochs));
  const chance = 1 / classes;
  const evaluations: Trial["evaluations"] = {
    step: ticks.map((epoch) => Math.round((steps * epoch) / epochs)),
    epoch: ticks,
    flops: share(cost.flops),
    seconds: share(cost.seconds.train),
    trainLoss: rise(final.trainLoss, Math.log(classes)),
    trainAccuracy: rise(final.trainAccuracy, chance),
    ...(settings.tier === "paper"
      ? {}
      : { validationAccuracy: rise(final.validationAccuracy, chance) }),
    testAccuracy: rise(final.testAccuracy, chance),
  };
  const training: Trial["training"] = {
    step: evaluations.step.slice(1),
    loss: evaluations.trainLoss.slice(1),
  };
  return { evaluations, training };
}

function costOf(
  { device }: TrialSettings,
  { cell: { batchSize }, steps, costFactor }: TrialRequest,
): Trial["cost"] {
  const forward = 90_000 * batchSize;
  const phase = (flops: number) => ({ flops: Math.round(flops), bytes: Math.round(flops / 8) });
  const extra = forward * 3 * (costFactor - 1);
  const flops = steps * (forward * 3 + extra + 60_000);
  return {
    steps,
    samples: steps * batchSize,
    flops,
    perStep: {
      forward: phase(forward),
      backward: phase(forward * 2),
      curvature: phase(extra * 0.5),
      inverse: phase(extra * 0.3),
      precondition: phase(extra * 0.2),
      update: phase(60_000),
    },
    peakBytes: 4 * (200_000 + 500 * batchSize),
    seconds: {
      train: rounded(flops / 2e10 / device.threads + steps * 1e-4),
      evaluate: 0.2,
      compile: 0.3,
      data: 0.01,
    },
  };
}

function hexOf(digits: number, ...parts: readonly (string | number)[]): string {
  let text = "";
  for (let word = 0; text.length < digits; word++) {
    text += (seedOf(word, ...parts) >>> 0).toString(16).padStart(8, "0");
  }
  return text.slice(0, digits);
}

function provenance(cell: Cell): Trial["provenance"] {
  const { tier, task, optimizer, batchSize, datasetSize } = cell;
  return {
    commit: hexOf(40, "commit"),
    dirty: false,
    lockfile: hexOf(64, "lockfile"),
    node: "v20.0.0",
    runtime: "synthetic 1",
    platform: "linux x64",
    dataset: { name: `${task} (synthetic)`, checksum: hexOf(64, "dataset", task) },
    startedAt: "2024-05-07T12:00:00Z",
    command:
      `npm run bench -- --task ${task} --tier ${tier} --optimizer ${optimizer} ` +
      `--batch-size ${batchSize} --dataset-size ${datasetSize}`,
    submittedBy: "synthetic",
  };
}
