/**
 * @file CIFAR-10 with ResNet18: the paper's Figure 1 (ResNet18) and Figure 7.
 *
 * `paper`: ResNet18 and the augmentation of https://github.com/uoguelph-mlrg/Cutout (crop with
 * padding 4, flip, cutout 16), 50,000 images, 100 epochs, label smoothing 0.1, weight decay 5e-4,
 * clipping at 10 (appendix C). `mini`: an eighth of the width, 10,000 images, 10 epochs, crop and
 * flip. `smoke`: 1,000 images, 2 epochs.
 */
import { imageTask } from "../../suite/data/image-task.ts";
import { cropFlipCutout } from "../../suite/data/images/crop-flip-cutout.ts";
import { CIFAR10_STATISTICS, standardised } from "../../suite/data/images/normalise.ts";
import { CIFAR10_CHECKSUM, loadCifar10 } from "../../suite/data/source/cifar10.ts";
import { subset } from "../../suite/data/subsets.ts";
import { defineTask, type TierProtocol } from "../../suite/protocol/task.ts";
import { buildResNet18, RESNET_SIZES } from "./model.ts";

const SHAPE = [32, 32, 3] as const;
const PADDING = 4;
/** Of the Cutout repository; at `mini` ten epochs are too few to need it. */
const CUTOUT = 16;
const TEST_IMAGES = 10_000;

const common = {
  labelSmoothing: 0.1,
  metric: "accuracy",
  chance: 0.1,
  schedule: { kind: "cosine", per: "epoch", warmupSteps: 0 },
  checksums: [CIFAR10_CHECKSUM],
  fixed: { weightDecay: 5e-4, clipNorm: 10, inverseInterval: 10, curvatureInterval: 10 },
  search: {},
  datasetAxisBatchSizes: [],
  evaluationBatch: 250,
} as const satisfies Partial<TierProtocol>;

/** Loads images, augments them for training, keeps `validation` of them out. */
const loader =
  (validation: number, cutout: number, test = TEST_IMAGES): TierProtocol["load"] =>
  async (options) => {
    const source = await loadCifar10(options);
    return imageTask({
      source: { ...source, test: subset(source.test, test) },
      training: cropFlipCutout([...SHAPE], CIFAR10_STATISTICS, { padding: PADDING, cutout }),
      evaluation: standardised([...SHAPE], CIFAR10_STATISTICS),
      validation,
    });
  };

const smoke: TierProtocol = {
  ...common,
  selection: "validation",
  budget: { unit: "epochs", amount: 2 },
  batchSizes: [25, 50],
  datasetSizes: [1000],
  evaluations: 3,
  trainExamplesPerEvaluation: 250,
  tuning: { configurations: 2, reportSeeds: 1 },
  tolerance: 0.05,
  build: (builder) => buildResNet18(builder, RESNET_SIZES.smoke),
  // Never on a board: a tenth of the test images will do.
  load: loader(1000, 0, 1000),
};

const mini: TierProtocol = {
  ...common,
  selection: "validation",
  budget: { unit: "epochs", amount: 10 },
  batchSizes: [32, 64, 128, 256, 512],
  datasetSizes: [10_000],
  evaluations: 6,
  trainExamplesPerEvaluation: 1000,
  tuning: { configurations: 4, reportSeeds: 3 },
  competenceFloor: 0.6,
  tolerance: 0.02,
  build: (builder) => buildResNet18(builder, RESNET_SIZES.smoke),
  load: loader(5000, 0),
};

const paper: TierProtocol = {
  ...common,
  selection: "cross-fitted",
  budget: { unit: "epochs", amount: 100 },
  batchSizes: [128, 256, 512, 1024, 2048, 4096],
  datasetSizes: [50_000],
  evaluations: 21,
  trainExamplesPerEvaluation: 5000,
  tuning: { configurations: 48, reportSeeds: 3 },
  tolerance: 0.01,
  build: (builder) => buildResNet18(builder, RESNET_SIZES.paper),
  load: loader(0, CUTOUT),
};

export const cifarResNet18 = defineTask({
  id: "cifar-resnet18",
  name: "CIFAR-10, ResNet18",
  version: 1,
  order: 2,
  summary: "small images, a residual net",
  paper: "Figure 1 (ResNet18), Figure 5 and Figure 7",
  tiers: { paper, mini, smoke },
});
