/** @file A figure as SVG: for the page (wide and narrow), and as a file that stands alone. */
import { escaped } from "../html.ts";
import { labelOf } from "./labels.ts";
import { lineChart } from "./line-chart.ts";
import {
  barChart,
  barsHeight,
  heatMap,
  heatMapHeight,
  stripChart,
  stripHeight,
} from "./other-charts.ts";
import type { SiteFigure } from "./spec.ts";
import { STANDALONE_STYLE } from "./svg-style.ts";

/** One drawing: its heading and its inner SVG. */
export interface Drawing {
  readonly title: string;
  readonly width: number;
  readonly height: number;
  readonly inner: string;
}

/** Every drawing of a figure at a width in pixels; a table has none. */
export function drawingsOf(figure: SiteFigure, width: number): Drawing[] {
  switch (figure.kind) {
    case "lines":
      return figure.panels
        .filter(({ series }) => series.length > 0)
        .map((panel) => {
          const size = { width, height: Math.round(Math.max(320, Math.min(460, width * 0.56))) };
          return { title: labelOf(panel.title), ...lineChart(panel, size, figure) };
        });
    case "maps":
      return figure.maps
        .filter(({ cells }) => cells.length > 0)
        .map((map) => {
          const size = { width: Math.min(width, 440), height: heatMapHeight(map) };
          return { title: labelOf(map.title), ...size, inner: heatMap(map, size) };
        });
    case "strip": {
      if (figure.rows.length === 0) return [];
      const size = { width, height: stripHeight(figure.rows) };
      return [{ title: "", ...size, inner: stripChart(figure, size) }];
    }
    case "bars": {
      if (figure.rows.length === 0) return [];
      const size = { width, height: barsHeight(figure.rows) };
      return [{ title: "", ...size, inner: barChart(figure, size) }];
    }
    case "table":
      return [];
  }
}

/** An SVG for the page; `label` is its text alternative. */
export function inlineSvg({ width, height, inner }: Drawing, label: string): string {
  return `<svg class="chart" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escaped(label)}">${inner}</svg>`;
}

/** All drawings below each other in one file with its own colours. */
export function svgFile(figure: SiteFigure, title: string, finding: string): string {
  const drawings = drawingsOf(figure, 760);
  const width = Math.max(760, ...drawings.map((one) => one.width));
  let y = 40;
  const parts = drawings.map((one) => {
    const heading = one.title
      ? `<text class="n" x="16" y="${y + 4}">${escaped(one.title)}</text>`
      : "";
    const part = `${heading}<g transform="translate(0 ${y + 10})">${one.inner}</g>`;
    y += one.height + 34;
    return part;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${y}" width="${width}" height="${y}" role="img"><title>${escaped(title)}</title><desc>${escaped(finding)}</desc><style>${STANDALONE_STYLE}</style><rect width="100%" height="100%" fill="#fff"/><text class="n" x="16" y="24" font-weight="600">${escaped(title)}</text>${parts.join("")}</svg>`;
}
