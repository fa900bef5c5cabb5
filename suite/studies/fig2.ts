/** @file Figure 2: training curves for dataset sizes from small to large, character-level minGPT. */
import { METRICS } from "../analysis/metric.ts";
import { scoreCell } from "../analysis/scored-cell.ts";
import { BOARD_ARM, type CellFile, type Trial } from "../results/schema.ts";
import type { FigurePanel, FigurePoint } from "./figure.ts";
import type { FigureContext, StudyDeclaration } from "./study.ts";

export const fig2: StudyDeclaration = {
  id: "fig2",
  title: "Second-order optimization and the size of the dataset",
  paper: "Figure 2",
  caption:
    "Training loss against iterations, one panel per dataset size. The paper: K-FAC and Shampoo " +
    "converge faster than AdamW where the dataset is small, and not where it is large.",
  task: "bookcorpus-mingpt",
  arm: BOARD_ARM,
  claims: ["small-data"],
  cells: ({ batchSizes, datasetSizes }) =>
    ["sgd", "adamw", "kfac", "shampoo"].map((optimizer) => ({
      optimizer,
      batchSizes,
      datasetSizes,
    })),
  figure: (files, context) => {
    const sizes = [...new Set(files.map(({ cell }) => cell.datasetSize))].sort((a, b) => a - b);
    return { kind: "lines", panels: sizes.map((size) => panelOf(size, files, context)) };
  },
};

function panelOf(size: number, files: readonly CellFile[], context: FigureContext): FigurePanel {
  return {
    title: `${size.toLocaleString("en")} characters`,
    x: { label: "iterations", scale: "linear" },
    y: { label: "training loss (nats)", scale: "linear" },
    series: files
      .filter(({ cell }) => cell.datasetSize === size)
      .map((file) => ({ name: file.cell.optimizer, points: meanCurve(reported(file, context)) }))
      .filter(({ points }) => points.length > 0),
  };
}

/** The report trials of the configuration that was chosen. */
function reported(file: CellFile, { facts }: FigureContext): Trial[] {
  const keys = new Set(
    scoreCell(file, METRICS["test-loss"], facts).seeds.flatMap((seed) => seed.keys),
  );
  return file.trials.filter(({ key }) => keys.has(key));
}

/** Mean over the seeds at each evaluation that all of them have. */
function meanCurve(trials: readonly Trial[]): FigurePoint[] {
  const [first] = trials;
  if (!first) return [];
  return first.evaluations.step.flatMap((step, i) => {
    const values = trials.map(({ evaluations }) => evaluations.trainLoss[i] ?? Number.NaN);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    return step !== null && Number.isFinite(mean) ? [{ x: step, y: mean }] : [];
  });
}
