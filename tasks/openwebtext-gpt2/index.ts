/**
 * @file Large batches in language modelling: the paper's Table 1, at a fixed number of samples.
 *
 * `paper`: OpenWebText as GPT-2's byte pairs, GPT-2 124M, block 1024, 4,915,200,000 tokens whatever
 * the batch size. `mini` and `smoke`: characters of the Gutenberg books, a GPT of 3 (2) layers and
 * block 64; batches in the paper's ratios 1:2:3:4:5 and, at `mini`, two smaller ones, since Shampoo leads
 * from the first of the five.
 */

import { GUTENBERG_CHARACTERS, gutenbergTask } from "../../suite/data/gutenberg-task.ts";
import { loadOpenWebText } from "../../suite/data/index.ts";
import { GUTENBERG_CHECKSUM } from "../../suite/data/source/gutenberg.ts";
import { textTask } from "../../suite/data/text-task.ts";
import { defineTask, type TierProtocol } from "../../suite/protocol/task.ts";
import { buildGpt2, GPT2_SHAPES, GPT2_VOCABULARY, type Gpt2Shape } from "./model.ts";

function tier(shape: Gpt2Shape) {
  return {
    labelSmoothing: 0,
    metric: "loss",
    schedule: { kind: "cosine", per: "step", warmupSteps: 20 },
    // The paper does not say how often; for Table 2 it takes statistics every 10 steps.
    fixed: { weightDecay: 1e-5, clipNorm: 10, curvatureInterval: 10, inverseInterval: 10 },
    search: {},
    datasetAxisBatchSizes: [],
    build: (builder, _, { classes }) =>
      buildGpt2(builder, { ...shape, vocabulary: classes, dropout: 0 }),
  } as const satisfies Partial<TierProtocol>;
}

/** On characters of the Gutenberg books, all of them. */
function books(shape: Gpt2Shape) {
  return {
    ...tier(shape),
    chance: Math.log(GUTENBERG_CHARACTERS),
    selection: "validation",
    datasetSizes: [10_000_000],
    evaluationBatch: 64,
    checksums: [GUTENBERG_CHECKSUM],
    load: (options) => gutenbergTask({ block: shape.block, evaluationTokens: 32_768 }, options),
  } as const satisfies Partial<TierProtocol>;
}

const smoke: TierProtocol = {
  ...books(GPT2_SHAPES.smoke),
  budget: { unit: "samples", amount: 1600 },
  batchSizes: [16, 32, 64],
  evaluations: 3,
  trainExamplesPerEvaluation: 128,
  tuning: { configurations: 2, reportSeeds: 1 },
  tolerance: 0.05,
};

const mini: TierProtocol = {
  ...books(GPT2_SHAPES.mini),
  budget: { unit: "samples", amount: 12_000 },
  batchSizes: [3, 6, 12, 24, 36, 48, 60],
  evaluations: 6,
  trainExamplesPerEvaluation: 128,
  tuning: { configurations: 8, reportSeeds: 3 },
  competenceFloor: 2.7,
  tolerance: 0.02,
};

const TRAINING_TOKENS = 8_000_000_000;

const paper: TierProtocol = {
  ...tier(GPT2_SHAPES.paper),
  schedule: { kind: "cosine", per: "step", warmupSteps: 100 },
  chance: Math.log(GPT2_VOCABULARY),
  selection: "cross-fitted",
  checksums: [],
  budget: { unit: "samples", amount: 4_800_000 },
  batchSizes: [384, 768, 1152, 1536, 1920],
  datasetSizes: [TRAINING_TOKENS],
  evaluations: 21,
  evaluationBatch: 4,
  microBatch: 4,
  trainExamplesPerEvaluation: 64,
  tuning: { configurations: 8, reportSeeds: 3 },
  tolerance: 0.02,
  load: async (options) => {
    const { name, checksum, train, heldOut } = await loadOpenWebText(
      { train: TRAINING_TOKENS, heldOut: 4_000_000 },
      options,
    );
    return textTask({
      name,
      checksum,
      train,
      test: heldOut,
      block: GPT2_SHAPES.paper.block,
      vocabulary: GPT2_VOCABULARY,
      evaluationTokens: 1_048_576,
    });
  },
};

export const openwebtextGpt2 = defineTask({
  id: "openwebtext-gpt2",
  name: "OpenWebText, GPT-2",
  version: 1,
  order: 5,
  summary: "language modelling at large batches, a fixed number of samples",
  paper: "Table 1",
  tiers: { paper, mini, smoke },
});
