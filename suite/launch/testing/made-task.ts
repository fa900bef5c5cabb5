/** @file A task on made data: trials of milliseconds (`smoke`) and one of seconds (`mini`). */
import * as tf from "@tensorflow/tfjs-core";
import { linear } from "../../nn/linear.ts";
import type { Model, ModelBuilder } from "../../nn/model.ts";
import { defineTask, type TierProtocol } from "../../protocol/task.ts";
import { madeData } from "../../train/made-data.ts";

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

/** Long enough to be stopped while it runs. */
const mini: TierProtocol = { ...smoke, budget: { unit: "steps", amount: 20_000 } };

export const madeTask = defineTask({
  id: "made",
  name: "Made data",
  version: 1,
  order: 99,
  summary: "points around class centres",
  paper: "",
  tiers: { smoke, mini },
});
