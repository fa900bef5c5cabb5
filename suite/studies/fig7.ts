/** @file Figure 7: the top eigenvalue of Shampoo's statistics, layer by layer, through training. */

import type { CellFile } from "../results/schema.ts";
import { layerEigenvalues } from "./diagnostic-series.ts";
import type { FigurePanel } from "./figure.ts";
import type { StudyDeclaration } from "./study.ts";

export const fig7: StudyDeclaration = {
  id: "fig7",
  title: "The curvature is stale during training, except in the last layer",
  paper: "Figure 7",
  caption:
    "The largest eigenvalue of each layer's statistics, the last layer in colour, the others thin. " +
    "The paper: after a few epochs it hardly moves, except in the final linear layer.",
  task: "cifar-resnet18",
  arm: "fig7",
  claims: ["eigenvalues-settle"],
  cells: ({ batchSizes, datasetSizes }) => [
    {
      optimizer: "shampoo",
      batchSizes: [batchSizes[Math.floor(batchSizes.length / 2)] as number],
      datasetSizes: datasetSizes.slice(-1),
      // Averages, not sums: a sum grows with t even where the curvature stands still.
      configurations: [{ statistics: "ema" }],
      // 21 layers by three seeds by more of them would be a larger file than the store takes.
      diagnosticPoints: 24,
    },
  ],
  figure: (files) => ({
    kind: "lines",
    panels: files.flatMap(panelsOf),
  }),
};

/** One seed of a cell: over iterations and over epochs; the last layer stands out. */
function panelsOf({ cell, trials }: CellFile): FigurePanel[] {
  const trial = trials.find(({ role }) => role === "report");
  const layers = trial ? layerEigenvalues(trial) : [];
  const series = layers.map((layer, i) => ({ ...layer, muted: i < layers.length - 1 }));
  const y = { label: "largest eigenvalue", scale: "log10" } as const;
  const perEpoch = Math.floor(cell.datasetSize / cell.batchSize);
  return [
    {
      title: `batch ${cell.batchSize}, against iterations`,
      x: { label: "iterations", scale: "linear" },
      y,
      series,
    },
    {
      title: `batch ${cell.batchSize}, against epochs`,
      x: { label: "epochs", scale: "linear" },
      y,
      series: series.map((one) => ({
        ...one,
        points: one.points.map((point) => ({ ...point, x: point.x / perEpoch })),
      })),
    },
  ];
}
