/** @file Table 1: AdamW against Shampoo in language modelling at large batches. */
import { METRICS } from "../analysis/metric.ts";
import { scoreCells } from "../analysis/score-cells.ts";
import { BOARD_ARM } from "../results/schema.ts";
import type { StudyDeclaration } from "./study.ts";

const OPTIMIZERS = ["adamw", "shampoo"] as const;

export const table1: StudyDeclaration = {
  id: "table1",
  title: "Large batches in language modelling",
  paper: "Table 1",
  caption:
    "Loss on held-out text after the same number of samples at every batch size. The paper: AdamW " +
    "is better up to 1152 sequences a batch, Shampoo from 1536 on.",
  task: "openwebtext-gpt2",
  arm: BOARD_ARM,
  claims: ["overtakes"],
  cells: ({ batchSizes, datasetSizes }) =>
    OPTIMIZERS.map((optimizer) => ({
      optimizer,
      batchSizes,
      datasetSizes: datasetSizes.slice(-1),
    })),
  figure: (files, context) => {
    const cells = scoreCells(files, { ...context, metric: METRICS["test-loss"].id });
    const sizes = [...new Set(cells.map(({ cell }) => cell.batchSize))].sort((a, b) => a - b);
    const scoreOf = (optimizer: string, batchSize: number) => {
      const found = cells.find(
        ({ cell }) => cell.optimizer === optimizer && cell.batchSize === batchSize,
      );
      return found?.state === "scored" ? found.score : null;
    };
    return {
      kind: "table",
      columns: ["", ...sizes.map((size) => `batch ${size}`)],
      rows: OPTIMIZERS.map((name) => [name, ...sizes.map((size) => scoreOf(name, size))]),
    };
  },
};
