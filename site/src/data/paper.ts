/** @file The paper's own numbers: `results/reference/paper.json`. */

import paper from "../../../results/reference/paper.json";
import type { PaperReading } from "../../../suite/analysis/claims/paper.ts";
import { paperReadings } from "../../../suite/analysis/claims/paper.ts";
import type { Figure, FigureSeries } from "../../../suite/studies/figure.ts";
import { paperFamilies } from "../../../suite/studies/verdicts.ts";
import { OPTIMIZERS } from "./catalogue.ts";

export const PAPER_SOURCE = paper.source;

type Values = readonly (number | null)[];
interface Curves {
  readonly batchSizes: readonly number[];
  readonly [optimizer: string]: Values;
}

const FIGURE_1: Readonly<Record<string, Curves>> = paper.figure1_test_accuracy_percent;

const rowsOf = ({ batchSizes: _, ...rows }: Curves) => Object.entries(rows);

/** The paper's curves of a task, in percent. */
function figure1(task: string): Figure | null {
  const curves = FIGURE_1[task];
  if (!curves) return null;
  const series = rowsOf(curves).map(
    ([name, values]): FigureSeries => ({
      name,
      points: curves.batchSizes.flatMap((x, i) => {
        const y = values[i];
        return typeof y === "number" ? [{ x, y }] : [];
      }),
    }),
  );
  const x = { label: "batch size", scale: "log2" } as const;
  const y = { label: "test accuracy (%)", scale: "linear" } as const;
  return { kind: "lines", panels: [{ title: "", x, y, series }] };
}

/** The paper's version of a study's figure, where it published numbers. */
export function paperFigure(study: string): Figure | null {
  switch (study) {
    case "fig1-mlp":
      return figure1("mnist-mlp");
    case "fig1-resnet18":
      return figure1("cifar-resnet18");
    case "fig1-vit":
      return figure1("cifar-vit-tiny");
    case "table1": {
      const { batchSizes, adamw, shampoo } = paper.table1_validation_loss;
      return {
        kind: "table",
        columns: ["", ...batchSizes.map((size) => `batch ${size}`)],
        rows: [
          ["adamw", ...adamw],
          ["shampoo", ...shampoo],
        ],
      };
    }
    case "table2": {
      const { percent, interval } = paper.table2_test_accuracy_percent;
      return {
        kind: "table",
        columns: ["inverse interval", ...percent.map((one) => `${one}%`)],
        rows: Object.entries(interval).map(([name, values]) => [Number(name), ...values]),
      };
    }
    default:
      return null;
  }
}

/** What the paper says where it published no numbers. */
export function paperWords(study: string): string | null {
  const words: Readonly<Record<string, string>> = {
    fig3: paper.figure3_psgd_criterion.shape,
    fig4: paper.figure4.claim,
    fig6: paper.figure6.claim,
    fig7: paper.figure7.claim,
    table2: paper.table2_test_accuracy_percent.task,
  };
  return words[study] ?? null;
}

export const FAMILIES = paperFamilies(OPTIMIZERS.map(({ declaration }) => declaration));

/** The claims read off the paper's own numbers. */
export function readings(): PaperReading[] {
  const scored = ({ batchSizes, ...rows }: Curves) => ({
    positions: batchSizes,
    scores: Object.fromEntries(Object.entries(rows)) as Record<string, Values>,
  });
  const { batchSizes, adamw, shampoo } = paper.table1_validation_loss;
  const negated = (values: readonly number[]) => values.map((value) => -value);
  const { percent, interval } = paper.table2_test_accuracy_percent;
  return paperReadings({
    families: FAMILIES,
    figure1: Object.fromEntries(Object.entries(FIGURE_1).map(([task, one]) => [task, scored(one)])),
    table1: { positions: batchSizes, scores: { adamw: negated(adamw), shampoo: negated(shampoo) } },
    table2: Object.entries(interval).flatMap(([steps, row]) =>
      row.map((value, i) => ({
        percent: percent[i] as number,
        interval: Number(steps),
        values: [value / 100],
      })),
    ),
  });
}
