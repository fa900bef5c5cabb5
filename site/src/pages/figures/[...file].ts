/** @file The files under each figure: CSV, JSON and SVG. */
import type { APIRoute, GetStaticPaths } from "astro";
import { SCORE_VERSION } from "../../../../suite/analysis/board.ts";
import { RESAMPLING_SEED } from "../../../../suite/analysis/random.ts";
import { allFigures } from "../../data/figures.ts";
import { sourcesOf } from "../../data/results.ts";
import { svgFile } from "../../figures/draw.ts";
import type { FigureSpec } from "../../figures/spec.ts";
import { csvOf, numbersOf } from "../../figures/tables.ts";

const FORMATS = ["csv", "json", "svg"] as const;
type Format = (typeof FORMATS)[number];

export const getStaticPaths = (() =>
  allFigures().flatMap((spec) =>
    FORMATS.filter((format) => format !== "svg" || spec.figure.kind !== "table").map((format) => ({
      params: { file: `${spec.id}.${format}` },
      props: { spec, format },
    })),
  )) satisfies GetStaticPaths;

export const GET: APIRoute = ({ props }) => {
  const { spec, format } = props as { spec: FigureSpec; format: Format };
  return new Response(bodyOf(spec, format));
};

function bodyOf(spec: FigureSpec, format: Format): string {
  const { figure, title, finding, command, files } = spec;
  switch (format) {
    case "csv":
      return csvOf(numbersOf(figure));
    case "svg":
      return svgFile(figure, title, finding);
    case "json":
      return `${JSON.stringify({ title, finding, command, scoreVersion: SCORE_VERSION, resamplingSeed: RESAMPLING_SEED, sources: sourcesOf(files), figure }, null, 1)}\n`;
  }
}
