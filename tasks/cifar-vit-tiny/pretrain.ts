/**
 * @file Makes `pretrained-mini.safetensors`: the mini ViT trained from scratch with AdamW on the
 * 35,000 CIFAR-10 images that the task never trains or reports on. Goes on where it was stopped.
 *
 *   npx tsx tasks/cifar-vit-tiny/pretrain.ts
 */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { adamw } from "../../optimizers/adamw.ts";
import { imageTask } from "../../suite/data/image-task.ts";
import { cropFlipCutout } from "../../suite/data/images/crop-flip-cutout.ts";
import { CIFAR10_STATISTICS, standardised } from "../../suite/data/images/normalise.ts";
import { loadCifar10 } from "../../suite/data/source/cifar10.ts";
import { holdOut } from "../../suite/data/subsets.ts";
import { useBackend } from "../../suite/engine/index.ts";
import { saveWeights } from "../../suite/nn/checkpoint.ts";
import type { OptimizerDeclaration } from "../../suite/optimizer/declaration.ts";
import { runTrial } from "../../suite/train/trial.ts";
import { FINE_TUNING, PRETRAINED } from "./index.ts";
import { buildVit, VIT_SIZES } from "./model.ts";

const EPOCHS = 15;
const BATCH = 128;
const SCRATCH = ".crossover/pretrain";

const source = await loadCifar10({ onProgress: (message) => console.error(message) });
const { kept } = holdOut(source.train, FINE_TUNING);
const data = imageTask({
  source: { ...source, train: kept },
  training: cropFlipCutout([32, 32, 3], CIFAR10_STATISTICS, { padding: 4, cutout: 0 }),
  evaluation: standardised([32, 32, 3], CIFAR10_STATISTICS),
  validation: 0,
});
await useBackend({ threads: Number(process.argv[2] ?? 2) });
mkdirSync(SCRATCH, { recursive: true });
const checkpoint = { path: `${SCRATCH}/vit.checkpoint`, everySeconds: 60 };
const { final } = await runTrial(
  {
    protocol: {
      budget: { unit: "epochs", amount: EPOCHS },
      schedule: { kind: "cosine", per: "step", warmupSteps: 200 },
      labelSmoothing: 0.1,
      metric: "accuracy",
      selection: "cross-fitted",
      evaluations: 6,
      trainExamplesPerEvaluation: 1000,
      evaluationBatch: 250,
    },
    build: (builder) => buildVit(builder, VIT_SIZES.mini),
    data,
    optimizer: adamw as unknown as OptimizerDeclaration,
    hyperparameters: adamw.hyperparameters.parse({ learningRate: 2e-3, weightDecay: 0.05 }),
    batchSize: BATCH,
    datasetSize: data.size,
    steps: EPOCHS * Math.floor(data.size / BATCH),
    seed: 0,
  },
  {
    checkpoint,
    onProgress: (done, steps, loss) => console.error(`${done}/${steps} loss ${loss.toFixed(3)}`),
    onFinal: async (model) => writeFileSync(PRETRAINED, saveWeights(model)),
  },
);
rmSync(checkpoint.path, { force: true });
console.error(`test accuracy ${final.testAccuracy}`);
