import { expect, it } from "vitest";
import { mnistMlp } from "../../tasks/mnist-mlp/index.ts";
import { ratioConstantClaim } from "../analysis/claims/hyperparameter-trends.ts";
import { tierOf } from "../protocol/tasks.ts";
import { fig4 } from "./fig4.ts";

const cells = fig4.cells(tierOf(mnistMlp, "mini"), "mini");
const gridOf = (optimizer: string, name: string, batchSize = 8192) => [
  ...new Set(
    cells
      .filter((one) => one.optimizer === optimizer && one.batchSizes.includes(batchSize))
      .flatMap(({ configurations = [] }) => configurations.map((one) => one[name])),
  ),
];

it("tries half-decades", () => {
  expect(gridOf("kfac", "learningRate")).toEqual([0.01, 0.03, 0.1, 0.3, 1]);
  expect(gridOf("kfac", "learningRate", 256)).toEqual([0.001, 0.003, 0.01, 0.03, 0.1]);
  expect(gridOf("kfac", "damping")).toEqual([1e-4, 3e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1, 0.3, 1]);
  expect(gridOf("shampoo", "damping")).toEqual([
    1e-6, 3e-6, 1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 0.01,
  ]);
});

it("has batch sizes enough to decide its claims: a grid's optimum is known to half a step", () => {
  const sizes = cells.flatMap((one) => (one.optimizer === "kfac" ? one.batchSizes : []));
  expect(sizes).toEqual(tierOf(mnistMlp, "mini").batchSizes);
  const verdict = (batchSizes: readonly number[]) =>
    ratioConstantClaim({
      optima: batchSizes.map((batchSize) => ({ batchSize, learningRate: 0.1, damping: 0.01 })),
      steps: { learningRate: Math.log2(10) / 2, damping: Math.log2(10) / 2 },
      missing: [],
    }).verdict;
  expect(verdict(sizes)).toBe("supported");
  expect(verdict(sizes.slice(-6))).toBe("not enough data");
});
