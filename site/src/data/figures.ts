/** @file Every figure of the site: what the downloads are made of. */
import { baselinesOf, costFigure, curvesFigure, stripFigure } from "../figures/board-figures.ts";
import { profileFigure, targetFigures } from "../figures/cost-figures.ts";
import { leadFigure } from "../figures/lead-figure.ts";
import { pairFigure } from "../figures/pair-figures.ts";
import type { FigureSpec } from "../figures/spec.ts";
import { studyFigures } from "../figures/study-figures.ts";
import { allPairs, measuredBoards } from "./boards.ts";
import { STUDIES } from "./catalogue.ts";

function boardFigures(): FigureSpec[] {
  return measuredBoards().flatMap((task) =>
    task.slices.flatMap((slice, index) => [
      curvesFigure(slice),
      ...baselinesOf(slice).flatMap((baseline) => stripFigure(slice, baseline) ?? []),
      ...(index === 0 ? baselinesOf(slice).flatMap((one) => leadFigure(slice, one) ?? []) : []),
      ...(index === 0
        ? [costFigure(slice), profileFigure(task, slice), ...targetFigures(task, slice)].flatMap(
            (one) => one ?? [],
          )
        : []),
    ]),
  );
}

export function allFigures(): FigureSpec[] {
  return [
    ...boardFigures(),
    ...allPairs().flatMap(({ on }) => on.map(({ slice, pair }) => pairFigure(slice, pair))),
    ...STUDIES.flatMap((study) => studyFigures(study)),
  ];
}
