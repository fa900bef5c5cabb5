/** @file Figure 3: PSGD's criterion (Eq. 1) against iterations and against epochs, by batch size. */
import type { CellFile } from "../results/schema.ts";
import { diagnosticSeries } from "./diagnostic-series.ts";
import type { FigurePanel } from "./figure.ts";
import type { StudyDeclaration } from "./study.ts";

export const fig3: StudyDeclaration = {
  id: "fig3",
  title: "The quality of PSGD's preconditioner follows iterations",
  paper: "Figure 3",
  caption:
    "The criterion c(P) of Eq. 1 (lower is better), relative to its first value. The paper: " +
    "against iterations the curves of all batch sizes coincide, against epochs they do not.",
  task: "mnist-mlp",
  arm: "fig3",
  claims: ["criterion-iterations"],
  cells: ({ batchSizes, datasetSizes }) => [
    {
      optimizer: "psgd",
      batchSizes: batchSizes.slice(-5),
      datasetSizes: datasetSizes.slice(-1),
      configurations: [{}],
      diagnosticPoints: 40,
    },
  ],
  figure: (files) => ({
    kind: "lines",
    panels: [panelOf(files, "iterations"), panelOf(files, "epochs")],
  }),
};

function panelOf(files: readonly CellFile[], axis: "iterations" | "epochs"): FigurePanel {
  const sorted = [...files].sort((a, b) => a.cell.batchSize - b.cell.batchSize);
  return {
    title: `against ${axis}`,
    x: { label: axis, scale: "linear" },
    y: { label: "criterion / first value", scale: "log10" },
    series: sorted.flatMap(({ cell, trials }) => {
      const [trial] = trials.filter(({ role }) => role === "report");
      const [curve] = trial ? diagnosticSeries(trial, /^criterion$/) : [];
      const start = curve?.points[0]?.y;
      if (!curve || !start) return [];
      const perEpoch = axis === "epochs" ? Math.floor(cell.datasetSize / cell.batchSize) : 1;
      const points = curve.points.map(({ x, y }) => ({ x: x / perEpoch, y: y / start }));
      return [{ name: `batch ${cell.batchSize}`, points }];
    }),
  };
}
