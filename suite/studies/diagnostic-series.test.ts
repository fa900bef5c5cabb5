import { expect, it } from "vitest";
import { syntheticFiles } from "../analysis/synthetic.ts";
import type { Trial } from "../results/schema.ts";
import { diagnosticSeries, layerEigenvalues } from "./diagnostic-series.ts";

const [file] = syntheticFiles({ optimizers: [{ id: "shampoo" }], batchSizes: [512] });
const trial = {
  ...(file?.trials[0] as Trial),
  diagnostics: {
    optimizer: {
      step: [10, 20],
      series: {
        "update/parameter.conv1.weight": [0.1, 0.1],
        "largestEigenvalue.conv1.weight.0": [4, 1],
        "condition.conv1.weight.0": [100, 100],
        "largestEigenvalue.conv1.weight.1": [9, 4],
        "largestEigenvalue.linear.weight.0": [2, null],
      },
    },
  },
};

it("a layer's eigenvalue is the geometric mean over its axes, in network order", () => {
  const layers = layerEigenvalues(trial);
  expect(layers.map(({ name }) => name)).toEqual(["conv1", "linear"]);
  expect(layers[0]?.points.map(({ y }) => y)).toEqual([
    expect.closeTo(6, 10),
    expect.closeTo(2, 10),
  ]);
});

it("values that were not finite are left out", () => {
  expect(layerEigenvalues(trial)[1]?.points).toEqual([{ x: 10, y: expect.closeTo(2, 10) }]);
  expect(diagnosticSeries(trial, /^largestEigenvalue\.linear/)[0]?.points).toHaveLength(1);
});

it("a trial without diagnostics has no series", () => {
  const { diagnostics: _, ...bare } = trial;
  expect(layerEigenvalues(bare)).toEqual([]);
});
