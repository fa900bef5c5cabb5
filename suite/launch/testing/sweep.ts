/**
 * @file A small sweep on made data, to be killed at any moment: `tsx sweep.ts ROOT SCRATCH`.
 * Prints `ready` when training begins and `done` at its end.
 */
import * as tf from "@tensorflow/tfjs-core";
import { adamw } from "../../../optimizers/adamw.ts";
import { kfac } from "../../../optimizers/kfac.ts";
import { sgd } from "../../../optimizers/sgd.ts";
import { useBackend } from "../../engine/index.ts";
import { linear } from "../../nn/linear.ts";
import type { Model, ModelBuilder } from "../../nn/model.ts";
import type { OptimizerDeclaration } from "../../optimizer/declaration.ts";
import type { Configuration } from "../../optimizer/search.ts";
import { planCells } from "../../protocol/plan.ts";
import { defineTask, type TierProtocol } from "../../protocol/task.ts";
import { madeData } from "../../train/made-data.ts";
import { sourceOf } from "../provenance.ts";
import { runCell } from "../run-cell.ts";

function build(builder: ModelBuilder): Model {
  const hidden = linear(builder, "hidden", { dIn: 5, dOut: 16, bias: true });
  const head = linear(builder, "head", { dIn: 16, dOut: 3, bias: false, place: "head" });
  return builder.build((x, pass) => head(tf.relu(hidden(x, pass)), pass) as tf.Tensor2D);
}

const smoke: TierProtocol = {
  budget: { unit: "epochs", amount: 10 },
  schedule: { kind: "cosine", per: "epoch", warmupSteps: 0 },
  labelSmoothing: 0.1,
  metric: "accuracy",
  selection: "validation",
  evaluations: 5,
  trainExamplesPerEvaluation: 24,
  evaluationBatch: 24,
  batchSizes: [8, 16],
  datasetSizes: [48],
  datasetAxisBatchSizes: [],
  checksums: ["0".repeat(64)],
  fixed: {},
  search: {},
  tuning: { configurations: 2, reportSeeds: 2 },
  tolerance: 0,
  chance: 1 / 3,
  build,
  load: async () => madeData(),
};

const task = defineTask({
  id: "made",
  name: "Made data",
  version: 1,
  order: 99,
  summary: "points around class centres",
  paper: "",
  tiers: { smoke },
});

const [root, scratch] = process.argv.slice(2) as [string, string];
const device = await useBackend({ threads: 1, spinning: false });
const source = sourceOf();
const data = madeData();
process.stdout.write("ready\n");
for (const one of [sgd, adamw, kfac]) {
  const optimizer = one as unknown as OptimizerDeclaration;
  const configurations = [0.02, 0.05].map(
    (learningRate) => optimizer.hyperparameters.parse({ learningRate }) as Configuration,
  );
  const plans = planCells({
    task,
    tier: "smoke",
    arm: "board",
    optimizers: [optimizer],
    configurations: () => configurations,
    batchSizes: smoke.batchSizes,
    datasetSizes: smoke.datasetSizes,
    reportSeeds: [1, 2],
  });
  for (const plan of plans) {
    await runCell(plan, { task, optimizer, data, device, source, root, scratch });
  }
}
process.stdout.write("done\n");
