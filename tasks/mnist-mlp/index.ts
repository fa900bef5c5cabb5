/**
 * @file MNIST with a multilayer perceptron: the paper's Figure 1 (MLP) and Figures 3 to 6.
 *
 * `paper`: 784-2048-2048-10, ReLU, no biases, 20 epochs, label smoothing 0.1, weight decay 1e-5,
 * clipping at 10 (appendix C); what the appendix leaves out (number of digits, schedule,
 * initialisation, augmentation) is chosen in CALIBRATION.md. `mini`: digits mean-pooled to 14×14, 196-128-128-10,
 * 50,000 digits, 5 epochs; curvature and inverses about 100 times an epoch, where an epoch has more
 * steps (at batch 32 they would cost ten times the training). `smoke`: the same net, 6,000 digits,
 * 2 epochs.
 */
import { imageTask } from "../../suite/data/image-task.ts";
import { randomAffine } from "../../suite/data/images/affine.ts";
import { MNIST_STATISTICS, standardised } from "../../suite/data/images/normalise.ts";
import { meanPooled } from "../../suite/data/images/pool.ts";
import { loadMnist, MNIST_CHECKSUM } from "../../suite/data/source/mnist.ts";
import { defineTask, type TierProtocol } from "../../suite/protocol/task.ts";
import { buildMlp, MLP_WIDTHS } from "./model.ts";

const SIDE = 28;
/** Of the first author's training script: 3 × 16,384, so no batch size of the axis leaves a partial batch. */
const PAPER_DIGITS = 49_152;
/** Of the paper's library; the paper itself does not say. */
const AUGMENTATION = { degrees: 15, scale: [0.8, 1.2] } as const;

/** What all tiers share. */
const common = {
  labelSmoothing: 0.1,
  metric: "accuracy",
  chance: 0.1,
  schedule: { kind: "cosine", per: "epoch", warmupSteps: 0 },
  checksums: [MNIST_CHECKSUM],
  fixed: { weightDecay: 1e-5, clipNorm: 10 },
  search: {},
  evaluationBatch: 1000,
} as const satisfies Partial<TierProtocol>;

/** Digits of 14×14, a tenth of the examples kept for validation. */
const small = {
  ...common,
  selection: "validation",
  build: (builder) => buildMlp(builder, { widths: MLP_WIDTHS.mini, initialisation: "pytorch" }),
  load: async (options) => {
    const preparation = meanPooled([SIDE, SIDE], MNIST_STATISTICS);
    const source = await loadMnist(options);
    return imageTask({
      source,
      training: preparation,
      evaluation: preparation,
      validation: 10_000,
    });
  },
} as const satisfies Partial<TierProtocol>;

const smoke: TierProtocol = {
  ...small,
  budget: { unit: "epochs", amount: 2 },
  batchSizes: [64, 128, 256, 512],
  datasetSizes: [6000],
  datasetAxisBatchSizes: [],
  evaluations: 5,
  trainExamplesPerEvaluation: 1000,
  tuning: { configurations: 4, reportSeeds: 3 },
  tolerance: 0.01,
};

const mini: TierProtocol = {
  ...small,
  budget: { unit: "epochs", amount: 5 },
  renewalsPerEpoch: 100,
  batchSizes: [32, 64, 128, 256, 512, 1024, 2048, 4096, 8192],
  datasetSizes: [1000, 2000, 5000, 7000, 10_000, 20_000, 50_000],
  datasetAxisBatchSizes: [64, 256, 1024],
  evaluations: 6,
  trainExamplesPerEvaluation: 5000,
  tuning: { configurations: 8, reportSeeds: 3 },
  competenceFloor: 0.97,
  tolerance: 0.005,
};

const paper: TierProtocol = {
  ...common,
  budget: { unit: "epochs", amount: 20 },
  schedule: { kind: "cosine", per: "step", warmupSteps: 0 },
  selection: "cross-fitted",
  batchSizes: [256, 512, 1024, 2048, 4096, 8192, 16_384],
  datasetSizes: [PAPER_DIGITS],
  datasetAxisBatchSizes: [],
  evaluations: 11,
  trainExamplesPerEvaluation: 5000,
  tuning: { configurations: 24, reportSeeds: 3 },
  tolerance: 0.003,
  build: (builder) => buildMlp(builder, { widths: MLP_WIDTHS.paper, initialisation: "pytorch" }),
  load: async (options) =>
    imageTask({
      source: await loadMnist(options),
      training: randomAffine([SIDE, SIDE], MNIST_STATISTICS, AUGMENTATION),
      evaluation: standardised([SIDE, SIDE, 1], MNIST_STATISTICS),
      validation: 0,
    }),
};

export const mnistMlp = defineTask({
  id: "mnist-mlp",
  name: "MNIST, MLP",
  version: 1,
  order: 1,
  summary: "digits, a perceptron with two hidden layers",
  paper: "Figure 1 (MLP), Figures 3, 4, 5 and 6",
  tiers: { paper, mini, smoke },
});
