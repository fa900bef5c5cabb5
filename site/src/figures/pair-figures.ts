/** @file The difference of two optimizers over an axis, with its interval. */
import type { PairComparison } from "../../../suite/analysis/pairs.ts";
import { axisWords, pairSentences } from "../../../suite/analysis/words.ts";
import type { Slice } from "../data/boards.ts";
import { named, nameOf } from "../data/catalogue.ts";
import { pairSlug } from "../data/links.ts";
import { sliceTitle } from "./board-figures.ts";
import type { FigureSpec, Reference } from "./spec.ts";

/** Zero of a difference. */
export const againstBaseline = (baseline: string): Reference => ({
  y: 0,
  above: `ahead of ${nameOf(baseline)}`,
  below: `behind ${nameOf(baseline)}`,
});

export function pairFigure(slice: Slice, pair: PairComparison): FigureSpec {
  const { board, id, files } = slice;
  const { challenger, baseline, points } = pair;
  const percent = board.metric.quantity === "accuracy";
  const factor = percent ? 100 : 1;
  const own = files.filter(({ cell }) => [challenger, baseline].includes(cell.optimizer));
  return {
    id: `pairs/${pairSlug(challenger, baseline)}.${board.task}.${board.tier}.${id}`,
    title: `${nameOf(challenger)} minus ${nameOf(baseline)}, ${sliceTitle(slice)}`,
    finding: `${named(pairSentences(pair)[0] ?? "")} The band is the 95% interval.`,
    figure: {
      kind: "lines",
      reference: againstBaseline(baseline),
      panels: [
        {
          title: "",
          x: { label: axisWords(board.axis), scale: "log2" },
          y: { label: percent ? "difference (points)" : "difference (nats)", scale: "linear" },
          series: [
            {
              name: challenger,
              points: points.map(({ position, difference, interval }) => ({
                x: position,
                y: factor * difference,
                ...(interval && { low: factor * interval.low, high: factor * interval.high }),
              })),
            },
          ],
        },
      ],
    },
    command: `npm run board -- --task ${board.task} --tier ${board.tier} --versus ${baseline}${board.axis === "dataset" ? " --axis dataset" : ""}`,
    files: own,
  };
}
