/** @file Figure 7: the top eigenvalue of Shampoo's statistics, layer by layer, through training. */
import { diagnosticSeries } from "./diagnostic-series.ts";
import type { StudyDeclaration } from "./study.ts";

export const fig7: StudyDeclaration = {
  id: "fig7",
  title: "The curvature is stale during training, except in the last layer",
  paper: "Figure 7",
  caption:
    "The largest eigenvalue of each layer's statistics. The paper: after a few epochs it hardly " +
    "moves, except in the final linear layer.",
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
      diagnosticPoints: 40,
    },
  ],
  figure: (files) => ({
    kind: "lines",
    panels: files.map(({ cell, trials }) => ({
      title: `${cell.task}, batch ${cell.batchSize}`,
      x: { label: "iterations", scale: "linear" },
      y: { label: "largest eigenvalue", scale: "log10" },
      series: trials.slice(0, 1).flatMap((trial) => diagnosticSeries(trial, /eigenvalue/i)),
    })),
  }),
};
