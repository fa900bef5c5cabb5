/**
 * @file CIFAR-10 with ViT-Tiny, fine-tuned: the paper's Figure 1 (ViT-Tiny); here also Table 2.
 *
 * `paper`: timm's `vit_tiny_patch16_224` with ImageNet weights, images resized to 224, 50,000 images,
 * 20 epochs, label smoothing 0.1, weight decay 1e-5, clipping at 10 (appendix C). `mini`: a ViT of 4
 * layers that reads 32×32 pixels in patches of 4, pretrained by `pretrain.ts` on 35,000 images and
 * fine-tuned, with a new head, on 5,000 others for 3 epochs; 2,500 are kept for validation. `smoke`:
 * 1,000 images, the same weights.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { imageTask } from "../../suite/data/image-task.ts";
import { cropFlipCutout } from "../../suite/data/images/crop-flip-cutout.ts";
import { CIFAR10_STATISTICS, standardised } from "../../suite/data/images/normalise.ts";
import { resized } from "../../suite/data/images/resize.ts";
import { cacheDirectory } from "../../suite/data/source/cache.ts";
import { CIFAR10_CHECKSUM, loadCifar10 } from "../../suite/data/source/cifar10.ts";
import { holdOut, subset } from "../../suite/data/subsets.ts";
import { loadWeights } from "../../suite/nn/checkpoint.ts";
import type { Model, ModelBuilder } from "../../suite/nn/model.ts";
import { parseSafetensors } from "../../suite/nn/safetensors.ts";
import { defineTask, type TierProtocol } from "../../suite/protocol/task.ts";
import { buildVit, renewHead, VIT_HEAD, VIT_SIZES, type VitSize } from "./model.ts";

const SHAPE = [32, 32, 3] as const;
/** Of the training images, those that pretraining never sees: to train on, and to choose by. */
export const FINE_TUNING = 15_000;
const VALIDATION = 2500;

export const PRETRAINED = fileURLToPath(new URL("./pretrained-mini.safetensors", import.meta.url));

const common = {
  labelSmoothing: 0.1,
  metric: "accuracy",
  chance: 0.1,
  schedule: { kind: "cosine", per: "epoch", warmupSteps: 0 },
  checksums: [CIFAR10_CHECKSUM],
  fixed: { weightDecay: 1e-5, clipNorm: 10, inverseInterval: 10, curvatureInterval: 10 },
  search: {},
  datasetAxisBatchSizes: [],
  evaluationBatch: 250,
} as const satisfies Partial<TierProtocol>;

/** A model of ten classes with the weights of a file, but for its head, which starts anew. */
function fineTuned(builder: ModelBuilder, size: VitSize, path: string, howToGet: string): Model {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch {
    throw new Error(`The pretrained weights ${path} are not there. ${howToGet}`);
  }
  const model = buildVit(builder, size);
  loadWeights(model, parseSafetensors(bytes, path), { except: VIT_HEAD });
  renewHead(model, builder.random);
  return model;
}

/** Test images at `mini`: half of them, for a trial's last look costs as much as an epoch. */
const MINI_TEST = 5000;

/** Fine-tuning on images that pretraining has not seen. */
const small = (test: number) =>
  ({
    ...common,
    selection: "validation",
    build: (builder) =>
      fineTuned(builder, VIT_SIZES.mini, PRETRAINED, "They belong to the repository."),
    load: async (options) => {
      const source = await loadCifar10(options);
      const { heldOut } = holdOut(source.train, FINE_TUNING);
      const padding = 4;
      return imageTask({
        source: { ...source, train: heldOut, test: subset(source.test, test) },
        training: cropFlipCutout([...SHAPE], CIFAR10_STATISTICS, { padding, cutout: 0 }),
        evaluation: standardised([...SHAPE], CIFAR10_STATISTICS),
        validation: VALIDATION,
      });
    },
  }) as const satisfies Partial<TierProtocol>;

const smoke: TierProtocol = {
  ...small(1000),
  budget: { unit: "epochs", amount: 1 },
  batchSizes: [25, 50],
  datasetSizes: [1000],
  evaluations: 2,
  trainExamplesPerEvaluation: 250,
  tuning: { configurations: 2, reportSeeds: 1 },
  tolerance: 0.05,
};

const mini: TierProtocol = {
  ...small(MINI_TEST),
  budget: { unit: "epochs", amount: 3 },
  batchSizes: [16, 32, 64, 128, 256],
  datasetSizes: [5000],
  evaluations: 4,
  trainExamplesPerEvaluation: 500,
  tuning: { configurations: 4, reportSeeds: 3 },
  competenceFloor: 0.55,
  tolerance: 0.02,
};

/** timm's file, put there by the user: model weights come from a hub of their own. */
const TIMM_WEIGHTS = "vit_tiny_patch16_224.safetensors";

const paper: TierProtocol = {
  ...common,
  selection: "cross-fitted",
  budget: { unit: "epochs", amount: 20 },
  batchSizes: [64, 128, 256, 512, 1024],
  datasetSizes: [50_000],
  evaluations: 6,
  evaluationBatch: 64,
  microBatch: 64,
  trainExamplesPerEvaluation: 2000,
  tuning: { configurations: 48, reportSeeds: 3 },
  tolerance: 0.01,
  build: (builder) =>
    fineTuned(
      builder,
      VIT_SIZES.paper,
      join(cacheDirectory(), TIMM_WEIGHTS),
      "Save timm's vit_tiny_patch16_224 (model.safetensors on its hub page) under that name.",
    ),
  load: async (options) => {
    const source = await loadCifar10(options);
    const preparation = resized([32, 32], [224, 224], CIFAR10_STATISTICS);
    return imageTask({ source, training: preparation, evaluation: preparation, validation: 0 });
  },
};

export const cifarVitTiny = defineTask({
  id: "cifar-vit-tiny",
  name: "CIFAR-10, ViT-Tiny",
  version: 2,
  order: 3,
  summary: "small images, a pretrained vision transformer fine-tuned",
  paper: "Figure 1 (ViT-Tiny); Table 2 in small",
  tiers: { paper, mini, smoke },
});
