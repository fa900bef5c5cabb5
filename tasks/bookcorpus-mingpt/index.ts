/**
 * @file Character-level language modelling with minGPT: the paper's Figure 2, over dataset sizes.
 *
 * `paper`: BookCorpus, gpt-mini, batch 64, 1000 iterations, weight decay 1e-5, dropout {0, 0.2} and
 * warm-up {1, 100} part of the grid (appendix C, Table 6). `mini` and `smoke`: 18 books of Project
 * Gutenberg, gpt-nano at batch 16, 600 and 50 iterations. A dataset of size n is the first n characters.
 */
import { z } from "zod";
import { GUTENBERG_CHARACTERS, gutenbergTask } from "../../suite/data/gutenberg-task.ts";
import { characterVocabulary, loadBookCorpus, tokensOf } from "../../suite/data/index.ts";
import { GUTENBERG_CHECKSUM } from "../../suite/data/source/gutenberg.ts";
import { textTask } from "../../suite/data/text-task.ts";
import { hyper } from "../../suite/optimizer/hyperparameters.ts";
import { choice, logUniform } from "../../suite/optimizer/search.ts";
import { defineTask, type TierProtocol } from "../../suite/protocol/task.ts";
import { buildMinGpt, MINGPT_SHAPES, type MinGptShape } from "./model.ts";

const hyperparameters = z.strictObject({
  dropout: hyper(z.number().min(0).lt(1).default(0), {
    symbol: "p",
    unit: "1",
    description: "share of activations dropped in training",
  }),
  warmupSteps: hyper(z.number().int().nonnegative().default(100), {
    symbol: "T_w",
    unit: "steps",
    description: "steps over which the learning rate rises",
  }),
});

/** A tier of one model size. */
function tier(shape: MinGptShape) {
  return {
    labelSmoothing: 0,
    metric: "loss",
    schedule: { kind: "cosine", per: "step", warmupSteps: 100 },
    fixed: { weightDecay: 1e-5, clipNorm: 10 },
    hyperparameters,
    datasetAxisBatchSizes: [64],
    evaluationBatch: 64,
    build: (builder, { dropout }, { classes }) =>
      buildMinGpt(builder, { ...shape, vocabulary: classes, dropout: Number(dropout) }),
  } as const satisfies Partial<TierProtocol>;
}

/** On the Gutenberg books. */
const books = {
  ...tier(MINGPT_SHAPES["gpt-nano"]),
  chance: Math.log(GUTENBERG_CHARACTERS),
  selection: "validation",
  search: {},
  // Up to 1, Shampoo's best rate was the largest tried.
  searchOf: { shampoo: { learningRate: logUniform(1e-2, 10) } },
  checksums: [GUTENBERG_CHECKSUM],
  load: (options) =>
    gutenbergTask({ block: MINGPT_SHAPES["gpt-nano"].block, evaluationTokens: 32_768 }, options),
} as const satisfies Partial<TierProtocol>;

const smoke: TierProtocol = {
  ...books,
  budget: { unit: "steps", amount: 50 },
  batchSizes: [16],
  datasetSizes: [20_000, 1_000_000],
  datasetAxisBatchSizes: [16],
  evaluations: 3,
  trainExamplesPerEvaluation: 128,
  tuning: { configurations: 2, reportSeeds: 1 },
  tolerance: 0.05,
};

const mini: TierProtocol = {
  ...books,
  budget: { unit: "steps", amount: 600 },
  batchSizes: [16],
  datasetSizes: [20_000, 150_000, 1_200_000, 10_000_000],
  datasetAxisBatchSizes: [16],
  evaluations: 11,
  trainExamplesPerEvaluation: 128,
  tuning: { configurations: 8, reportSeeds: 3 },
  competenceFloor: 2.6,
  tolerance: 0.02,
};

const SIZES = [100_000, 1_000_000, 10_000_000, 100_000_000] as const;
const HELD_OUT = 1_000_000;

const paper: TierProtocol = {
  ...tier(MINGPT_SHAPES["gpt-mini"]),
  // The vocabulary is the corpus's own: 100 characters, give or take.
  chance: Math.log(100),
  selection: "cross-fitted",
  search: { dropout: choice(0, 0.2), warmupSteps: choice(1, 100) },
  checksums: [],
  budget: { unit: "steps", amount: 1000 },
  batchSizes: [64],
  datasetSizes: SIZES,
  evaluations: 21,
  trainExamplesPerEvaluation: 256,
  tuning: { configurations: 16, reportSeeds: 3 },
  tolerance: 0.02,
  load: async (options) => {
    const { name, checksum, train, heldOut } = await loadBookCorpus(
      { train: SIZES[3], heldOut: HELD_OUT },
      options,
    );
    const { encode, characters } = characterVocabulary(train + heldOut);
    return textTask({
      name,
      checksum,
      train: tokensOf(encode(train)),
      test: tokensOf(encode(heldOut)),
      block: MINGPT_SHAPES["gpt-mini"].block,
      vocabulary: characters.length,
      evaluationTokens: 262_144,
    });
  },
};

export const bookcorpusMinGpt = defineTask({
  id: "bookcorpus-mingpt",
  name: "BookCorpus, minGPT",
  version: 1,
  order: 4,
  summary: "characters of books, a small GPT; the axis is the dataset's size",
  paper: "Figure 2",
  tiers: { paper, mini, smoke },
});
