/** @file A task of seconds on made data, for tests of what runs trials. */
import * as tf from "@tensorflow/tfjs-core";
import { linear } from "../../nn/linear.ts";
import type { TierProtocol } from "../../protocol/task.ts";
import { madeData } from "../../train/made-data.ts";

export const madeProtocol: TierProtocol = {
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
  build: (builder) => {
    const hidden = linear(builder, "hidden", { dIn: 5, dOut: 16, bias: true });
    const head = linear(builder, "head", { dIn: 16, dOut: 3, bias: false, place: "head" });
    return builder.build((x, pass) => head(tf.relu(hidden(x, pass)), pass) as tf.Tensor2D);
  },
  load: async () => madeData(),
};
