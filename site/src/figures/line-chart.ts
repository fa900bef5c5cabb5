/**
 * @file Curves with 95% bands, drawn as SVG text. Points far below all others are drawn at the lower
 * edge with an arrow and their value, so that one diverged cell does not flatten the rest.
 */
import { quantile } from "../../../suite/analysis/quantile.ts";
import type { FigurePanel, FigurePoint, FigureSeries } from "../../../suite/studies/figure.ts";
import { nameOf, optimizerOf } from "../data/catalogue.ts";
import { escaped } from "../html.ts";
import { markerSvg, round, type SeriesStyle, styleOf } from "./palette.ts";
import { dodge, linearTicks, type Scale, scaleOf, sizeTicks, tickLabel } from "./scale.ts";

export interface ChartSize {
  readonly width: number;
  readonly height: number;
}

const LINE = 15;
const MARGIN = { top: 14, bottom: 46, left: 56 };

/** A line at a y value, named: zero of a difference. */
export interface Reference {
  readonly y: number;
  readonly label: string;
}

interface Frame {
  readonly x: Scale;
  readonly y: Scale;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
  /** Values below are drawn at the edge. */
  readonly floor: number;
}

export interface LineOptions {
  readonly reference?: Reference | undefined;
  readonly scattered?: boolean | undefined;
}

/** The inner SVG of one panel. */
export function lineChart(
  panel: FigurePanel,
  { width, height }: ChartSize,
  options: LineOptions = {},
): string {
  const { reference, scattered = false } = options;
  const styled = panel.series.map((series, index) => ({
    series,
    label: labelOf(series.name),
    style: styleOf(series.name, index, isOptimizer),
  }));
  const longest = Math.max(0, ...styled.map(({ label }) => label.length));
  const labelWidth = Math.min(0.42 * width, 26 + 6.9 * longest);
  const frame = frameOf(panel, reference, { width, height }, labelWidth);
  return [
    axes(panel, frame, width),
    reference ? referenceLine(reference, frame) : "",
    ...styled.map(({ series, style }) => band(series, style, frame)),
    ...styled.map(({ series, style, label }) =>
      curve({ series, style, label }, panel, frame, scattered),
    ),
    directLabels(styled, frame),
  ].join("");
}

export const isOptimizer = (id: string) => optimizerOf(id) !== undefined;
export const labelOf = (name: string) => name.replace(/^[a-z0-9-]+/, (id) => nameOf(id));

function frameOf(
  { series, x, y }: FigurePanel,
  reference: Reference | undefined,
  { width, height }: ChartSize,
  labelWidth: number,
): Frame {
  const points = series.flatMap((one) => one.points);
  const xs = points.map((point) => point.x).filter((value) => x.scale === "linear" || value > 0);
  const drawn = points.filter((point) => y.scale === "linear" || point.y > 0);
  const ys = drawn.map((point) => point.y).concat(reference ? [reference.y] : []);
  const [left, right] = [MARGIN.left, width - labelWidth];
  const [top, bottom] = [MARGIN.top, height - MARGIN.bottom];
  const yDomain = domainOf(ys, drawn, y.scale);
  const xDomain: [number, number] = xs.length > 0 ? [Math.min(...xs), Math.max(...xs)] : [0, 1];
  const yTicks =
    y.scale === "linear" ? linearTicks(yDomain, height / 60) : sizeTicks(y.scale, yDomain, 2);
  const perTick = x.scale === "linear" ? 80 : 46;
  return {
    left,
    right,
    top,
    bottom,
    floor: yDomain[0],
    x: scaleOf(
      x.scale,
      xDomain,
      [left + 10, right - 10],
      sizeTicks(x.scale, xs, Math.floor((right - left) / perTick)),
    ),
    y: scaleOf(y.scale, yDomain, [bottom, top], yTicks),
  };
}

/** Padded range; the low end ignores what lies three times the main range below it. */
function domainOf(
  values: readonly number[],
  points: readonly FigurePoint[],
  kind: string,
): [number, number] {
  if (values.length === 0) return [0, 1];
  const highs = points.flatMap((point) => point.high ?? point.y).concat(values);
  const lows = points.flatMap((point) => point.low ?? point.y).concat(values);
  const quarter = quantile([...values], 0.25);
  const top = Math.max(...values);
  const main = top - quarter;
  const cut = kind === "linear" && main > 0 ? quarter - 3 * main : Number.NEGATIVE_INFINITY;
  const inside = lows.filter((value) => value >= cut);
  const low = Math.min(...(inside.length > 0 ? inside : values));
  const high = Math.min(Math.max(...highs), top + Math.max(main, 1e-9) * 2);
  if (kind !== "linear") return [low > 0 ? low : Math.min(...values), high];
  const pad = (high - low || Math.abs(high) || 1) * 0.05;
  return [low - pad, high + pad];
}

function axes({ x, y }: FigurePanel, frame: Frame, width: number): string {
  const { left, right, top, bottom } = frame;
  const grid = frame.y.ticks.map(({ value, label }) => {
    const place = round(frame.y.at(value));
    return `<path class="g" d="M${left} ${place}H${right}"/><text class="t e" x="${left - 7}" y="${place + 4}">${label}</text>`;
  });
  const ticks = frame.x.ticks.map(({ value, label }) => {
    const place = round(frame.x.at(value));
    return `<path class="a" d="M${place} ${bottom}v5"/><text class="t c" x="${place}" y="${bottom + 19}">${label}</text>`;
  });
  const centre = round((left + right) / 2);
  return (
    `${grid.join("")}<path class="a" d="M${left} ${bottom}H${right}"/>${ticks.join("")}` +
    `<text class="l c" x="${Math.min(centre, width - 60)}" y="${bottom + 38}">${escaped(x.label)}</text>` +
    `<text class="l c" transform="translate(13 ${round((top + bottom) / 2)}) rotate(-90)">${escaped(y.label)}</text>`
  );
}

function referenceLine({ y, label }: Reference, { y: scale, left, right }: Frame): string {
  const place = round(scale.at(y));
  return `<path class="z" d="M${left} ${place}H${right}"/><text class="t" x="${left + 6}" y="${place - 5}">${escaped(label)}</text>`;
}

const clamp = (value: number, frame: Frame) =>
  Math.min(frame.bottom, Math.max(frame.top, frame.y.at(value)));

function band({ name, points }: FigureSeries, style: SeriesStyle, frame: Frame): string {
  const known = points.filter(({ low, high }) => low !== undefined && high !== undefined);
  if (known.length < 2) return "";
  const upper = known.map(
    (p) => `${round(frame.x.at(p.x))} ${round(clamp(p.high as number, frame))}`,
  );
  const lower = known.map(
    (p) => `${round(frame.x.at(p.x))} ${round(clamp(p.low as number, frame))}`,
  );
  return `<path class="b c${style.colour}" data-name="${escaped(name)}" d="M${[...upper, ...lower.reverse()].join("L")}z"/>`;
}

interface Styled {
  readonly series: FigureSeries;
  readonly style: SeriesStyle;
  readonly label: string;
}

function curve(
  { series, style, label }: Styled,
  panel: FigurePanel,
  frame: Frame,
  scattered: boolean,
): string {
  const places = series.points
    .filter(({ y }) => panel.y.scale === "linear" || y > 0)
    .map((point) => ({ point, x: round(frame.x.at(point.x)), y: round(clamp(point.y, frame)) }));
  if (places.length === 0) return "";
  const line = places.map(({ x, y }) => `${x} ${y}`).join("L");
  const dash = style.dash ? ` stroke-dasharray="${style.dash}"` : "";
  const few = places.length <= 40;
  const marks = places.map(({ point, x, y }) => {
    const below = point.y < frame.floor;
    const mark = below
      ? `<path class="m" d="M${x} ${y}l-4-8h8z"/><text class="t c" x="${x}" y="${y - 11}">${tickLabel(Number(point.y.toPrecision(3)))}</text>`
      : markerSvg(style.marker, x, y);
    return `<g class="p" data-t="${escaped(pointText(label, point, panel))}">${mark}</g>`;
  });
  return `<g class="s c${style.colour}" data-name="${escaped(series.name)}">${scattered ? "" : `<path class="k" d="M${line}"${dash}/>`}${few || scattered ? marks.join("") : ""}</g>`;
}

/** `K-FAC · batch size 1,024 · 98.1 (98.0 to 98.2)`. */
export function pointText(
  label: string,
  { x, y, low, high }: FigurePoint,
  panel: FigurePanel,
): string {
  const digits = (value: number) => `${Number(value.toPrecision(4))}`.replace("-", "−");
  const range =
    low !== undefined && high !== undefined ? ` (95%: ${digits(low)} to ${digits(high)})` : "";
  return `${label} · ${panel.x.label} ${tickLabel(x)} · ${panel.y.label} ${digits(y)}${range}`;
}

function directLabels(styled: readonly Styled[], frame: Frame): string {
  const ends = styled.flatMap(({ series, label, style }) => {
    const last = series.points.at(-1);
    return last
      ? [{ name: series.name, label, style, x: frame.x.at(last.x), y: clamp(last.y, frame) }]
      : [];
  });
  const placed = dodge(
    ends.map(({ y }) => y),
    LINE,
    [frame.top + 2, frame.bottom - 2],
  );
  const start = frame.right + 14;
  return ends
    .map(({ name, label, style, x, y }, index) => {
      const place = round(placed[index] as number);
      const leader = `<path class="d" d="M${round(x + 5)} ${round(y)}L${round(start - 6)} ${place}"/>`;
      return `<g data-name="${escaped(name)}">${leader}<g class="s c${style.colour}">${markerSvg(style.marker, start, place)}</g><text class="n" x="${start + 9}" y="${place + 4}">${escaped(label)}</text></g>`;
    })
    .join("");
}
