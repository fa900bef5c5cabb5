import { describe, expect, it } from "vitest";
import { sgd } from "../../optimizers/sgd.ts";
import { mnistMlp } from "../../tasks/mnist-mlp/index.ts";
import type { OptimizerDeclaration } from "../optimizer/declaration.ts";
import { BOARD_ARM } from "../results/schema.ts";
import { planCells, trialCount } from "./plan.ts";
import { invalidReason, updatesOf } from "./validity.ts";

const request = {
  task: mnistMlp,
  tier: "smoke",
  arm: BOARD_ARM,
  optimizers: [sgd as unknown as OptimizerDeclaration],
  configurations: () => [{ learningRate: 0.1 }],
  batchSizes: [64, 600, 1024, 8192],
  datasetSizes: [6000],
  reportSeeds: [1, 2, 3],
} as const;

describe("planCells", () => {
  it("makes a cell of every combination and says why one is invalid", () => {
    const plans = planCells(request);
    expect(plans.map(({ cell, invalid }) => [cell.batchSize, invalid])).toEqual([
      [64, undefined],
      [600, undefined],
      [1024, expect.stringMatching(/only 10 updates/)],
      [8192, expect.stringMatching(/larger than the dataset of 6000/)],
    ]);
    expect(plans.map(trialCount)).toEqual([3, 3, 0, 0]);
  });

  it("counts tuning trials where there is something to choose", () => {
    const configurations = () => [{ learningRate: 0.1 }, { learningRate: 1 }];
    expect(planCells({ ...request, configurations }).map(trialCount)).toEqual([5, 5, 0, 0]);
  });
});

describe("updatesOf", () => {
  it.each([
    [{ unit: "epochs", amount: 20 }, 16_384, 60_000, 60],
    [{ unit: "steps", amount: 1000 }, 64, 60_000, 1000],
    [{ unit: "samples", amount: 4_915_200 }, 384, 1e9, 12_800],
  ] as const)("of %j at batch %i", (budget, batchSize, datasetSize, updates) => {
    expect(updatesOf(budget, batchSize, datasetSize)).toBe(updates);
    expect(invalidReason(budget, batchSize, datasetSize)).toBeUndefined();
  });
});
