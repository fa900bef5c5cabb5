/** @file Figure 4: accuracy over learning rate and damping, by batch size. */
import { heatMapOf } from "../analysis/heat-map.ts";
import { primaryMetric } from "../analysis/metric.ts";
import { gridConfigurations } from "../optimizer/search.ts";
import { type CellFile, GRID_SEEDS } from "../results/schema.ts";
import type { StudyDeclaration } from "./study.ts";

/** Half-decades from `low` to 10^`decades` times as much: the paper's steps of 10³ are too coarse. */
const halfDecades = (low: number, decades: number) =>
  Array.from({ length: 2 * decades + 1 }, (_, i) => {
    const value = low * 10 ** (i >> 1) * (i % 2 === 0 ? 1 : 3);
    return Number(value.toPrecision(1));
  });

/** A decade lower at the smaller batches, where K-FAC was best at the lowest rate, 0.01. */
const LEARNING_RATES = { small: halfDecades(1e-3, 2), other: halfDecades(1e-2, 2) };

/** Where each method's best damping lies inside. */
const DAMPINGS: Readonly<Record<string, readonly number[]>> = {
  kfac: halfDecades(1e-4, 4),
  foof: halfDecades(1e-3, 3),
  shampoo: halfDecades(1e-6, 4),
};
const METHODS = Object.keys(DAMPINGS);

/** The claims are about its slopes over the batch size, which three sizes could never tell. */
const JUDGED = "kfac";

/** One method after another, each from its smallest batch on. */
const byMethodThenBatch = ({ cell: a }: CellFile, { cell: b }: CellFile) =>
  a.optimizer === b.optimizer
    ? a.batchSize - b.batchSize
    : METHODS.indexOf(a.optimizer) - METHODS.indexOf(b.optimizer);

export const fig4: StudyDeclaration = {
  id: "fig4",
  title: "Learning rate, damping and batch size are interrelated",
  paper: "Figure 4",
  caption:
    "Test accuracy for each pair of learning rate and damping. The paper: the best accuracies lie " +
    "along a line of constant ratio, and the optimum moves with the batch size.",
  task: "mnist-mlp",
  arm: "fig4",
  claims: ["ratio-constant", "damping-trend"],
  cells: ({ batchSizes, datasetSizes }) => {
    const half = Math.floor(batchSizes.length / 2);
    const grid = (
      optimizer: string,
      sizes: readonly number[],
      learningRate: readonly number[],
    ) => ({
      optimizer,
      batchSizes: sizes,
      datasetSizes: datasetSizes.slice(-1),
      configurations: gridConfigurations({ learningRate, damping: DAMPINGS[optimizer] ?? [] }),
      tuneSeeds: GRID_SEEDS,
    });
    // At the smallest batches grids of every method would cost as much as all other studies together.
    const large = batchSizes.slice(Math.floor(batchSizes.length / 3));
    const middle = Math.floor(large.length / 2);
    const three = new Set([large[0], large[middle], large.at(-1)]);
    return [
      grid(JUDGED, batchSizes.slice(0, half), LEARNING_RATES.small),
      ...METHODS.map((optimizer) => {
        const sizes =
          optimizer === JUDGED ? batchSizes.slice(half) : large.filter((size) => three.has(size));
        return grid(optimizer, sizes, LEARNING_RATES.other);
      }),
    ];
  },
  figure: (files, { facts }) => ({
    kind: "maps",
    value: "test accuracy (%)",
    maps: [...files].sort(byMethodThenBatch).map((file) => {
      const names = { x: "learningRate", y: "damping" };
      const { cells } = heatMapOf(file, { ...names, metric: primaryMetric(facts), facts });
      return {
        title: `${file.cell.optimizer}, batch ${file.cell.batchSize}`,
        x: { label: "learning rate", scale: "log10" },
        y: { label: "damping", scale: "log10" },
        cells: cells.map(({ x, y, value, status }) => ({
          x,
          y,
          value: value === null ? null : 100 * value,
          ...(status === "diverged" && { diverged: true }),
        })),
      };
    }),
  }),
};
