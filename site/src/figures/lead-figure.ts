/** @file The figure that leads the site: how far second-order methods are ahead of a baseline. */
import { formatSize } from "../../../suite/analysis/format.ts";
import type { PairComparison } from "../../../suite/analysis/pairs.ts";
import { axisWords, plural } from "../../../suite/analysis/words.ts";
import { pairOn, type Slice } from "../data/boards.ts";
import { familyOf, nameOf, rankOf, variantOf } from "../data/catalogue.ts";
import { BASELINES, sliceTitle } from "./board-figures.ts";
import { againstBaseline } from "./pair-figures.ts";
import type { FigureSpec } from "./spec.ts";

/** More lines than this are no picture. */
const MOST = 6;

/** A slice's second-order methods against a baseline, in catalogue order; without any, all others. */
export function challengersOf({ board }: Slice): string[] {
  const others = board.rows
    .map(({ optimizer }) => optimizer)
    .filter((id) => !(BASELINES as readonly string[]).includes(id))
    .sort((a, b) => rankOf(a) - rankOf(b));
  const second = others.filter((id) => familyOf(id) === "second-order");
  return second.length > 0 ? second : others;
}

export function pairsAgainst(slice: Slice, baseline: string): PairComparison[] {
  return challengersOf(slice).flatMap((id) => pairOn(slice, id, baseline) ?? []);
}

/** Null without a pair. */
export function leadFigure(slice: Slice, baseline: string): FigureSpec | null {
  const pairs = pairsAgainst(slice, baseline);
  const drawn = pairs.filter(({ challenger }) => !variantOf(challenger)).slice(0, MOST);
  if (drawn.length === 0) return null;
  const { board, files } = slice;
  const percent = board.metric.quantity === "accuracy";
  const factor = percent ? 100 : 1;
  const left = pairs.length - drawn.length;
  const rest = left > 0 ? ` ${plural(left, "more method")} below and on the board.` : "";
  return {
    id: `boards/${board.task}.${board.tier}.lead-${baseline}`,
    title: `How far ahead of ${nameOf(baseline)}, ${sliceTitle(slice)}`,
    finding: `A ring marks the ${axisWords(board.axis)} from which a method stays ahead; bands are 95% intervals.${rest}`,
    figure: {
      kind: "lines",
      reference: againstBaseline(baseline),
      crossings: drawn
        .filter(({ tie, crossover }) => !tie && crossover.outcome === "crosses")
        .map(({ challenger, crossover: { lasting } }) => ({
          name: challenger,
          x: lasting,
          text: formatSize(lasting),
        })),
      panels: [
        {
          title: "",
          x: { label: axisWords(board.axis), scale: "log2" },
          y: {
            label: percent ? `lead in ${board.metric.name} (points)` : "lead (nats)",
            scale: "linear",
          },
          series: drawn.map(({ challenger, points }) => ({
            name: challenger,
            points: points.map(({ position, difference, interval }) => ({
              x: position,
              y: factor * difference,
              ...(interval && { low: factor * interval.low, high: factor * interval.high }),
            })),
          })),
        },
      ],
    },
    command: `npm run board -- --task ${board.task} --tier ${board.tier} --versus ${baseline}`,
    files,
  };
}
