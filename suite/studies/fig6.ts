/** @file Figure 6: accuracy against the batch size relative to the dataset size. */
import { BOARD_ARM } from "../results/schema.ts";
import { scoreSeries } from "./curves.ts";
import type { StudyDeclaration } from "./study.ts";

export const fig6: StudyDeclaration = {
  id: "fig6",
  title: "The gap and the ratio of batch to dataset size",
  paper: "Figure 6",
  caption:
    "Test accuracy against batch size over dataset size, one panel per dataset size. The paper: " +
    "where the ratio is small, the difference between first- and second-order methods vanishes.",
  task: "mnist-mlp",
  arm: BOARD_ARM,
  claims: ["batch-over-dataset"],
  cells: ({ datasetAxisBatchSizes, batchSizes, datasetSizes }) =>
    ["sgd", "adamw", "kfac", "shampoo"].map((optimizer) => ({
      optimizer,
      batchSizes: datasetAxisBatchSizes.length > 0 ? datasetAxisBatchSizes : batchSizes,
      datasetSizes,
    })),
  figure: (files, context) => {
    const sizes = [...new Set(files.map(({ cell }) => cell.datasetSize))].sort((a, b) => a - b);
    return {
      kind: "lines",
      panels: sizes.map((size) => ({
        title: `${size.toLocaleString("en")} examples`,
        x: { label: "batch size / dataset size", scale: "log2" },
        y: { label: "test accuracy (%)", scale: "linear" },
        series: scoreSeries(
          files.filter(({ cell }) => cell.datasetSize === size),
          context,
          { x: ({ cell }) => cell.batchSize / cell.datasetSize },
        ),
      })),
    };
  },
};
