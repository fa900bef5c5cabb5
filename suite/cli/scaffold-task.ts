/** @file The folder that a new task starts from. */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { UsageError } from "../protocol/error.ts";
import { loadTasks } from "../protocol/tasks.ts";
import { exportName, requireName, titleOf } from "./scaffold-names.ts";

/**
 * Writes `<name>/index.ts` (data and protocol), `model.ts` and `model.test.ts`; returns their paths.
 *
 * @throws UsageError for a name that is taken or none.
 */
export async function scaffoldTask(name: string, folder: string): Promise<string[]> {
  requireName(name, "task");
  const target = join(folder, name);
  const tasks = await loadTasks(folder);
  if (tasks.some(({ id }) => id === name) || existsSync(target)) {
    throw new UsageError(
      `There is a task "${name}" already.`,
      `Choose another name, or edit tasks/${name}/index.ts.`,
    );
  }
  mkdirSync(target);
  const files = [
    [join(target, "index.ts"), indexText(name)],
    [join(target, "model.ts"), MODEL_TEXT],
    [join(target, "model.test.ts"), TEST_TEXT],
  ] as const;
  for (const [file, text] of files) writeFileSync(file, text, { flag: "wx" });
  return files.map(([file]) => file);
}

const indexText = (name: string): string => `/**
 * @file ${titleOf(name)}: data, model and loss, in one sentence.
 *
 * \`mini\`: what a trial is, and how large. \`smoke\`: the same in seconds.
 */
import { imageTask } from "../../suite/data/image-task.ts";
import { MNIST_STATISTICS } from "../../suite/data/images/normalise.ts";
import { meanPooled } from "../../suite/data/images/pool.ts";
import { loadMnist, MNIST_CHECKSUM } from "../../suite/data/source/mnist.ts";
import { defineTask, type TierProtocol } from "../../suite/protocol/task.ts";
import { buildNet } from "./model.ts";

/** What all tiers share. */
const common = {
  // Data. Also there: loadCifar10, loadGutenberg (with textTask); suite/data/source says how to add one.
  load: async (options) => {
    const source = await loadMnist(options);
    const preparation = meanPooled([28, 28], MNIST_STATISTICS);
    // Of the training examples, 10,000 choose the configuration and are never trained on.
    return imageTask({
      source,
      training: preparation,
      evaluation: preparation,
      validation: 10_000,
    });
  },
  checksums: [MNIST_CHECKSUM],

  // Model and loss. Cross-entropy of the logits, with this share of the target spread evenly.
  build: (builder) => buildNet(builder, { dIn: 14 * 14, width: 32, classes: 10 }),
  labelSmoothing: 0,

  // What is reported, and what guessing gives.
  metric: "accuracy",
  chance: 0.1,
  selection: "validation",
  evaluationBatch: 1000,

  // Settings that are the task's and no method's to tune; \`search\` narrows a method's own by name.
  schedule: { kind: "cosine", per: "epoch", warmupSteps: 0 },
  fixed: { weightDecay: 1e-5, clipNorm: 10 },
  search: {},
} as const satisfies Partial<TierProtocol>;

/** Tries the whole thing out; never on a board. */
const smoke: TierProtocol = {
  ...common,
  budget: { unit: "epochs", amount: 2 },
  batchSizes: [64, 256],
  datasetSizes: [6000],
  datasetAxisBatchSizes: [],
  evaluations: 3,
  trainExamplesPerEvaluation: 1000,
  tuning: { configurations: 4, reportSeeds: 3 },
  tolerance: 0.01,
};

/** For boards: from where small batches win to where large ones do, at least 20 updates each. */
const mini: TierProtocol = {
  ...common,
  budget: { unit: "epochs", amount: 5 },
  batchSizes: [64, 256, 1024, 4096],
  datasetSizes: [5000, 50_000],
  datasetAxisBatchSizes: [256],
  evaluations: 6,
  trainExamplesPerEvaluation: 5000,
  tuning: { configurations: 8, reportSeeds: 3 },
  competenceFloor: 0.9,
  tolerance: 0.005,
};

export const ${exportName(name, "Task")} = defineTask({
  id: "${name}",
  name: "${titleOf(name)}",
  version: 1,
  order: 1000,
  summary: "one line for lists and boards",
  paper: "not in the paper",
  tiers: { mini, smoke },
});
`;

const MODEL_TEXT = `/** @file One hidden layer with ReLU. */
import * as tf from "@tensorflow/tfjs-core";
import { linear } from "../../suite/nn/linear.ts";
import type { Model, ModelBuilder } from "../../suite/nn/model.ts";

export interface NetSize {
  /** Values of one example. */
  readonly dIn: number;
  readonly width: number;
  readonly classes: number;
}

/**
 * Examples \`[n, …]\` of \`dIn\` values to logits \`[n, classes]\`. Layers of suite/nn (linear,
 * convolution, embedding) show second-order methods what they need; plain tensor operations between
 * them are free. Every operation must be differentiable twice.
 */
export function buildNet(builder: ModelBuilder, { dIn, width, classes }: NetSize): Model {
  const hidden = linear(builder, "hidden", { dIn, dOut: width, bias: true, place: "first" });
  const head = linear(builder, "head", { dIn: width, dOut: classes, bias: true, place: "head" });
  return builder.build((examples, pass) => {
    const x = tf.reshape(examples, [examples.shape[0] as number, dIn]);
    return head(tf.relu(hidden(x, pass)), pass) as tf.Tensor2D;
  });
}
`;

const TEST_TEXT = `import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, it } from "vitest";
import { useBackend } from "../../suite/engine/index.ts";
import { countParameters, disposeModel, ModelBuilder } from "../../suite/nn/model.ts";
import { expectClose, NO_RANDOM, setValues } from "../../suite/nn/testing/support.ts";
import { buildNet } from "./model.ts";

beforeAll(() => useBackend({ backend: "reference" }));

it("has two weights and two biases", () => {
  const model = buildNet(new ModelBuilder(NO_RANDOM), { dIn: 196, width: 32, classes: 10 });
  expect(countParameters(model)).toBe(196 * 32 + 32 + 32 * 10 + 10);
  disposeModel(model);
});

it("gives the logits worked out by hand", () => {
  const model = buildNet(new ModelBuilder(NO_RANDOM), { dIn: 2, width: 2, classes: 2 });
  setValues(model, {
    "hidden.weight": { shape: [2, 2], values: [1, 2, 3, -4] },
    "hidden.bias": { shape: [2], values: [0.5, 0] },
    "head.weight": { shape: [2, 2], values: [1, -1, 10, 20] },
    "head.bias": { shape: [2], values: [0, 1] },
  });
  tf.tidy(() => {
    // Hidden: relu([1 + 3 + 0.5, 2 - 4]) = [4.5, 0].
    const logits = model.apply(tf.tensor2d([[1, 1]]), { training: false, updateStatistics: false });
    expectClose(logits, { shape: [1, 2], values: [4.5, -3.5] });
  });
  disposeModel(model);
});
`;
