/** @file Every figure of the site: what the downloads are made of. */
import { baselinesOf, costFigure, curvesFigure, stripFigure } from "../figures/board-figures.ts";
import type { FigureSpec } from "../figures/spec.ts";
import { measuredBoards } from "./boards.ts";

function boardFigures(): FigureSpec[] {
  return measuredBoards().flatMap(({ slices }) =>
    slices.flatMap((slice, index) => [
      curvesFigure(slice),
      ...baselinesOf(slice).flatMap((baseline) => stripFigure(slice, baseline) ?? []),
      ...(index === 0 ? [costFigure(slice)] : []).flatMap((one) => one ?? []),
    ]),
  );
}

export function allFigures(): FigureSpec[] {
  return boardFigures();
}
