/** @file Heat maps, crossover strips, stacked bars and sparklines as SVG text. */
import { formatAmount } from "../../../suite/analysis/format.ts";
import { STATUS_WORDS } from "../../../suite/analysis/words.ts";
import type { FigureMap } from "../../../suite/studies/figure.ts";
import { escaped } from "../html.ts";
import type { ChartSize } from "./frame.ts";
import { isOptimizer, labelOf } from "./labels.ts";
import { markerSvg, round, styleOf } from "./palette.ts";
import { scaleOf, sizeTicks, tickLabel } from "./scale.ts";
import type { BarRow, SiteFigure, StripRow } from "./spec.ts";

/** Shades say how far below the map's best a value lies: one meaning in every map. */
export const MAP_SHADES = [0.1, 0.3, 1, 3, 10, Number.POSITIVE_INFINITY] as const;

/** `h6` for the best … `h1` for the worst. */
const shadeOf = (gap: number) => MAP_SHADES.length - MAP_SHADES.findIndex((most) => gap <= most);

/** One map; every cell prints its value, so that colour is only a help. */
export function heatMap(map: FigureMap, { width }: ChartSize): string {
  const xs = [...new Set(map.cells.map(({ x }) => x))].sort((a, b) => a - b);
  const ys = [...new Set(map.cells.map(({ y }) => y))].sort((a, b) => b - a);
  const values = map.cells.flatMap(({ value }) => value ?? []);
  const best = Math.max(...values);
  const [left, top] = [64, 8];
  const [w, h] = [(width - left - 8) / Math.max(1, xs.length), 30];
  const cells = map.cells.map(({ x, y, value, diverged = false }) => {
    const [column, row] = [xs.indexOf(x), ys.indexOf(y)];
    const shade = value === null || diverged ? "hx" : `h${shadeOf(best - value)}`;
    const text = value === null ? "–" : diverged ? STATUS_WORDS.diverged.mark : value.toFixed(1);
    const mark = value === best ? " ★" : "";
    const place = `x="${round(left + column * w)}" y="${round(top + row * h)}"`;
    const hint = `${map.x.label} ${tickLabel(x)} · ${map.y.label} ${tickLabel(y)} · ${value === null ? "not run" : diverged ? "diverged" : text}`;
    return `<g class="p" data-t="${escaped(hint)}"><rect class="${shade}" ${place} width="${round(w - 1)}" height="${h - 1}"/><text class="v ${shade}t" x="${round(left + (column + 0.5) * w)}" y="${round(top + row * h + 19)}">${text}${mark}</text></g>`;
  });
  const bottom = top + ys.length * h;
  const xLabels = xs.map(
    (x, i) =>
      `<text class="t c" x="${round(left + (i + 0.5) * w)}" y="${bottom + 16}">${tickLabel(x)}</text>`,
  );
  const yLabels = ys.map(
    (y, i) =>
      `<text class="t e" x="${left - 6}" y="${round(top + i * h + 19)}">${tickLabel(y)}</text>`,
  );
  return `${cells.join("")}${xLabels.join("")}${yLabels.join("")}<text class="l c" x="${round(left + (width - left) / 2)}" y="${bottom + 35}">${escaped(map.x.label)}</text><text class="l c" transform="translate(13 ${top + (ys.length * h) / 2}) rotate(-90)">${escaped(map.y.label)}</text>`;
}

export const heatMapHeight = (map: FigureMap) =>
  8 + new Set(map.cells.map(({ y }) => y)).size * 30 + 44;

const STRIP_ROW = 34;

export const stripHeight = (rows: readonly StripRow[]) => rows.length * STRIP_ROW + 58;

/** A dot at each crossover with its interval; arrows leave the grid. */
export function stripChart(
  figure: Extract<SiteFigure, { kind: "strip" }>,
  { width }: ChartSize,
): string {
  const { rows, grid, x } = figure;
  const [left, right, top] = [20, width - 20, 6];
  const bottom = top + rows.length * STRIP_ROW;
  const domain: [number, number] = [Math.min(...grid), Math.max(...grid)];
  const scale = scaleOf(
    "log2",
    domain,
    [left, right],
    sizeTicks("log2", grid, Math.floor(width / 62)),
  );
  const place = (value: number) =>
    value <= domain[0] ? left - 8 : value >= domain[1] ? right + 8 : scale.at(value);
  const ticks = scale.ticks.map(({ value, label }) => {
    const at = round(scale.at(value));
    return `<path class="g" d="M${at} ${top}V${bottom}"/><text class="t c" x="${at}" y="${bottom + 17}">${label}</text>`;
  });
  const marks = rows.map((row, index) => {
    const y = top + index * STRIP_ROW + 23;
    const style = styleOf(row.name, index, isOptimizer);
    const [low, high] = [round(place(row.low)), round(place(row.high))];
    const arrows = `${row.low <= domain[0] ? `<path class="m" d="M${left - 14} ${y}l7-4v8z"/>` : ""}${row.high >= domain[1] ? `<path class="m" d="M${right + 14} ${y}l-7-4v8z"/>` : ""}`;
    const interval = row.unplaced ? "" : `<path class="w" d="M${low} ${y}H${high}"/>${arrows}`;
    const inside = row.at > domain[0] && row.at < domain[1] && !row.unplaced;
    const dot = inside ? markerSvg(style.marker, scale.at(row.at), y) : "";
    const text = `${labelOf(row.name)}: ${row.words}`;
    const label = shortened(text, Math.floor((width - 24) / 6.4));
    return `<g class="s c${style.colour} p" data-name="${escaped(row.name)}" data-t="${escaped(text)}"><path class="q" d="M${left} ${y}H${right}"/>${interval}${dot}<text class="n halo" x="${left}" y="${y - 9}">${escaped(label)}</text></g>`;
  });
  return `${ticks.join("")}${marks.join("")}<text class="l c" x="${round(width / 2)}" y="${bottom + 37}">${escaped(x.label)}</text>`;
}

/** Whole remarks fall off the end first, so that no number is cut in two. */
function shortened(text: string, room: number): string {
  const end = text.lastIndexOf("; ");
  return text.length > room && end > 0 ? shortened(text.slice(0, end), room) : text;
}

const BAR_ROW = 40;

export const barsHeight = (rows: readonly BarRow[]) => rows.length * BAR_ROW + 64;

/** Stacked bars; parts are told apart by pattern of tone and by the legend's order. */
export function barChart(
  figure: Extract<SiteFigure, { kind: "bars" }>,
  { width }: ChartSize,
): string {
  const { rows, unit } = figure;
  const names = [...new Set(rows.flatMap(({ parts }) => parts.map(({ name }) => name)))];
  const totals = rows.map(({ parts }) => parts.reduce((sum, { value }) => sum + value, 0));
  const most = Math.max(...totals, 1);
  const per = width / names.length;
  const legend = names.map(
    (name, i) =>
      `<rect class="f${i}" x="${round(i * per)}" y="4" width="10" height="10"/><text class="t" x="${round(i * per + 14)}" y="13">${escaped(name)}</text>`,
  );
  const bars = rows.map(({ name, parts }, index) => {
    const y = 40 + index * BAR_ROW;
    let x = 0;
    const pieces = parts.map(({ name: part, value }) => {
      const size = (value / most) * width;
      const piece = `<g class="p" data-t="${escaped(`${labelOf(name)} · ${part} ${formatAmount(value)} ${unit}`)}"><rect class="f${names.indexOf(part)}" x="${round(x)}" y="${y}" width="${round(Math.max(0, size - 1))}" height="16"/></g>`;
      x += size;
      return piece;
    });
    return `<text class="n" x="0" y="${y - 5}">${escaped(labelOf(name))}: ${formatAmount(totals[index] as number)} ${escaped(unit)}</text>${pieces.join("")}`;
  });
  return legend.join("") + bars.join("");
}

/** A small curve without axes, its first and last value in the text beside it. */
export function sparkline(
  values: readonly (number | null)[],
  { width, height }: ChartSize,
  label: string,
): string {
  const known = values.flatMap((value, index) => (value === null ? [] : [{ index, value }]));
  if (known.length < 2) return "";
  const [low, high] = [
    Math.min(...known.map((k) => k.value)),
    Math.max(...known.map((k) => k.value)),
  ];
  const x = (i: number) => round(1 + (i / (values.length - 1)) * (width - 2));
  const y = (v: number) => round(height - 2 - ((v - low) / (high - low || 1)) * (height - 4));
  const d = known.map(({ index, value }) => `${x(index)} ${y(value)}`).join("L");
  return `<svg class="spark" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escaped(label)}"><path d="M${d}"/></svg>`;
}
