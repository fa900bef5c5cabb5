/** @file Figure 5: Figure 1's comparison on the training set. Drawn from the board itself. */
import { scoreSeries } from "./curves.ts";
import { fig1Mlp } from "./fig1.ts";
import type { StudyDeclaration } from "./study.ts";

export const fig5: StudyDeclaration = {
  ...fig1Mlp,
  id: "fig5",
  title: "Second-order optimization at large batches, on the training set",
  paper: "Figure 5",
  caption:
    "Training accuracy against the batch size, from the trials of Figure 1. The paper: second-order " +
    "methods lead here too, so that the lead is one of optimization.",
  claims: ["train-accuracy"],
  figure: (files, context) => {
    const full = Math.max(...files.map(({ cell }) => cell.datasetSize));
    const whole = files.filter(({ cell }) => cell.datasetSize === full);
    const x = ({ cell }: { cell: { batchSize: number } }) => cell.batchSize;
    return {
      kind: "lines",
      panels: [
        {
          title: context.task,
          x: { label: "batch size", scale: "log2" },
          y: { label: "training accuracy (%)", scale: "linear" },
          series: scoreSeries(whole, context, { metric: "train-accuracy", x }),
        },
      ],
    };
  },
};
