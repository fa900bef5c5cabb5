/**
 * @file CIFAR-10 with ResNet18: the paper's Figure 1 (ResNet18) and Figure 7.
 *
 * `paper`: ResNet18 and the augmentation of https://github.com/uoguelph-mlrg/Cutout (crop with
 * padding 4, flip, cutout 16), 50,000 images, 100 epochs, label smoothing 0.1, weight decay 5e-4,
 * clipping at 10 (appendix C). `mini`: an eighth of the width, 10,000 images resized to 16×16,
 * 5 epochs, crop and flip. `smoke`: the same net, 1,000 images of 32×32, 2 epochs.
 */

import type { Examples } from "../../suite/data/examples.ts";
import { imageTask } from "../../suite/data/image-task.ts";
import { cropFlipCutout } from "../../suite/data/images/crop-flip-cutout.ts";
import { CIFAR10_STATISTICS, standardised } from "../../suite/data/images/normalise.ts";
import { resizedExamples } from "../../suite/data/images/resize.ts";
import { CIFAR10_CHECKSUM, loadCifar10 } from "../../suite/data/source/cifar10.ts";
import { subset } from "../../suite/data/subsets.ts";
import { defineTask, type TierProtocol } from "../../suite/protocol/task.ts";
import { buildResNet18, RESNET_SIZES } from "./model.ts";

const SIDE = 32;
/** At `mini`: a quarter of the pixels, a quarter of the time. */
const SMALL_SIDE = 16;
/** Of the Cutout repository; at `mini` five epochs are too few to need it. */
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

interface Images {
  /** Pixels of a side. */
  readonly side: number;
  readonly cutout: number;
  /** Training images kept out. */
  readonly validation: number;
  readonly test: number;
}

/** Loads images, resizes them to `side`, crops (an eighth of padding) and flips them in training. */
const loader =
  ({ side, cutout, validation, test }: Images): TierProtocol["load"] =>
  async (options) => {
    const source = await loadCifar10(options);
    const sized = (examples: Examples) =>
      side === SIDE ? examples : resizedExamples(examples, [side, side]);
    return imageTask({
      source: { ...source, train: sized(source.train), test: sized(subset(source.test, test)) },
      training: cropFlipCutout([side, side, 3], CIFAR10_STATISTICS, { padding: side / 8, cutout }),
      evaluation: standardised([side, side, 3], CIFAR10_STATISTICS),
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
  load: loader({ side: SIDE, cutout: 0, validation: 1000, test: 1000 }),
};

const mini: TierProtocol = {
  ...common,
  selection: "validation",
  budget: { unit: "epochs", amount: 5 },
  batchSizes: [32, 64, 128, 256, 512],
  datasetSizes: [10_000],
  evaluations: 4,
  trainExamplesPerEvaluation: 500,
  tuning: { configurations: 4, reportSeeds: 3 },
  competenceFloor: 0.4,
  tolerance: 0.02,
  build: (builder) => buildResNet18(builder, RESNET_SIZES.mini),
  load: loader({ side: SMALL_SIDE, cutout: 0, validation: 2500, test: TEST_IMAGES }),
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
  load: loader({ side: SIDE, cutout: CUTOUT, validation: 0, test: TEST_IMAGES }),
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
