/**
 * @file Curves with 95% bands, drawn as SVG text. Points far below all others are drawn at the lower
 * edge with an arrow and their value, so that one diverged cell does not flatten the rest.
 */
import type { FigurePanel, FigurePoint, FigureSeries } from "../../../suite/studies/figure.ts";
import { escaped } from "../html.ts";
import { type ChartSize, clamp, type Frame, frameOf, MARGIN } from "./frame.ts";
import { isOptimizer, labelOf } from "./labels.ts";
import { markerSvg, round, type SeriesStyle, styleOf } from "./palette.ts";
import { dodge, tickLabel } from "./scale.ts";
import type { Crossing, Reference } from "./spec.ts";

const LINE = 15;
/** Labels may take this share of the width; longer ones go below the plot. */
const LABEL_SHARE = 0.3;
/** Pixels per letter of a label, about. */
const LETTER = 7.9;

export interface LineOptions {
  readonly reference?: Reference | undefined;
  readonly crossings?: readonly Crossing[] | undefined;
  readonly scattered?: boolean | undefined;
}

interface Styled {
  readonly series: FigureSeries;
  readonly style: SeriesStyle;
  readonly label: string;
  /** Place among the panel's series: staggers the markers of dense curves. */
  readonly index: number;
}

/** The inner SVG of one panel, and its height with the labels below where they need it. */
export function lineChart(
  panel: FigurePanel,
  size: ChartSize,
  options: LineOptions = {},
): ChartSize & { readonly inner: string } {
  const { reference, crossings = [], scattered = false } = options;
  const styled = panel.series.map(
    (series, index): Styled => ({
      series,
      label: labelOf(series.name),
      style: styleOf(series.name, index, isOptimizer),
      index,
    }),
  );
  const named = styled.filter(({ series }) => !series.muted);
  const longest = Math.max(0, ...named.map(({ label }) => label.length));
  const beside = 30 + LETTER * longest;
  const room = size.height - MARGIN.top - MARGIN.bottom;
  const below = scattered || beside > LABEL_SHARE * size.width || named.length * LINE > room;
  const frame = frameOf(panel, reference, size, below ? 16 : beside);
  const legend = below
    ? legendBelow(named, size.width, size.height)
    : { inner: directLabels(named, frame), height: 0 };
  const inner = [
    axes(panel, frame),
    reference ? referenceLine(reference, frame) : "",
    ...styled.map((one) => band(one, frame)),
    ...styled.map((one) => curve(one, panel, frame, scattered)),
    legend.inner,
    crossingMarks(crossings, reference, frame),
  ].join("");
  return { width: size.width, height: size.height + legend.height, inner };
}

function axes({ x, y }: FigurePanel, frame: Frame): string {
  const { left, right, top, bottom } = frame;
  const grid = frame.y.ticks.map(({ value, label }) => {
    const place = round(frame.y.at(value));
    return `<path class="g" d="M${left} ${place}H${right}"/><text class="t e" x="${left - 7}" y="${place + 4}">${label}</text>`;
  });
  const ticks = frame.x.ticks.map(({ value, label }) => {
    const place = round(frame.x.at(value));
    return `<path class="a" d="M${place} ${bottom}v5"/><text class="t c" x="${place}" y="${bottom + 19}">${label}</text>`;
  });
  return (
    `${grid.join("")}<path class="a" d="M${left} ${bottom}H${right}"/>${ticks.join("")}` +
    `<text class="l c" x="${round((left + right) / 2)}" y="${bottom + 38}">${escaped(x.label)}</text>` +
    `<text class="l c" transform="translate(13 ${round((top + bottom) / 2)}) rotate(-90)">${escaped(y.label)}</text>`
  );
}

function referenceLine({ y, above, below }: Reference, frame: Frame): string {
  const { left, right, top, bottom } = frame;
  const place = round(frame.y.at(y));
  return (
    `<path class="z" d="M${left} ${place}H${right}"/>` +
    `<text class="t halo" x="${left + 6}" y="${top + 8}">▲ ${escaped(above)}</text>` +
    `<text class="t halo" x="${left + 6}" y="${bottom - 8}">▼ ${escaped(below)}</text>`
  );
}

/** Space between two numbers on the reference line. */
const MARK_GAP = 44;

/** Rings where curves cross the reference for good, each with its size; numbers that collide climb. */
function crossingMarks(
  crossings: readonly Crossing[],
  reference: Reference | undefined,
  frame: Frame,
): string {
  if (!reference) return "";
  const y = round(frame.y.at(reference.y));
  const ends: number[] = [];
  return [...crossings]
    .sort((a, b) => a.x - b.x)
    .map(({ name, x, text }, index) => {
      const place = round(frame.x.at(x));
      const free = ends.findIndex((end) => place - end >= MARK_GAP);
      const level = free < 0 ? ends.length : free;
      ends[level] = place;
      const { colour } = styleOf(name, index, isOptimizer);
      const lift = y - 12 - 15 * level;
      return `<g class="s c${colour}" data-name="${escaped(name)}"><path class="d" d="M${place} ${y - 6}V${lift + 2}"/><circle class="r" cx="${place}" cy="${y}" r="5.5"/><text class="n c halo" x="${place}" y="${lift}">${escaped(text)}</text></g>`;
    })
    .join("");
}

/** Cut off at the edges of the picture, with a chevron where it goes on. */
function band({ series: { name, points }, style }: Styled, frame: Frame): string {
  const known = points.flatMap(({ x, y, low, high }) =>
    low !== undefined && high !== undefined ? [{ x: round(frame.x.at(x)), y, low, high }] : [],
  );
  if (known.length < 2) return "";
  const upper = known.map(({ x, high }) => `${x} ${round(clamp(high, frame))}`);
  const lower = known.map(({ x, low }) => `${x} ${round(clamp(low, frame))}`);
  const [bottom, top] = frame.y.domain;
  const chevrons = known.flatMap(({ x, y, low, high }) => [
    ...(high > top ? [`M${x - 4} ${frame.top + 5}l4-5l4 5`] : []),
    ...(low < bottom && y >= bottom ? [`M${x - 4} ${frame.bottom - 5}l4 5l4-5`] : []),
  ]);
  const cut = chevrons.length > 0 ? `<path class="k" d="${chevrons.join("")}"/>` : "";
  return `<g class="c${style.colour}" data-name="${escaped(name)}"><path class="b" d="M${[...upper, ...lower.reverse()].join("L")}z"/>${cut}</g>`;
}

/** A curve of more points gets about this many markers. */
const MARKERS = 12;

function curve(
  { series, style, label, index }: Styled,
  panel: FigurePanel,
  frame: Frame,
  scattered: boolean,
): string {
  const places = series.points
    .filter(({ y }) => panel.y.scale === "linear" || y > 0)
    .map((point) => ({ point, x: round(frame.x.at(point.x)), y: round(clamp(point.y, frame)) }));
  if (places.length === 0) return "";
  const d = `M${places.map(({ x, y }) => `${x} ${y}`).join("L")}`;
  if (series.muted) return `<path class="u" data-name="${escaped(series.name)}" d="${d}"/>`;
  const dash = style.dash ? ` stroke-dasharray="${style.dash}"` : "";
  const every = scattered ? 1 : Math.ceil(places.length / (MARKERS * 1.5));
  const marked = places.filter((_, i) => i % every === index % every);
  const marks = marked.map(({ point, x, y }) => {
    const below = point.y < frame.y.domain[0];
    const mark = below
      ? `<path class="m" d="M${x} ${y}l-4-8h8z"/><text class="t c halo" x="${x}" y="${y - 11}">${tickLabel(Number(point.y.toPrecision(2)))}</text>`
      : markerSvg(style.marker, x, y);
    return `<g class="p" data-t="${escaped(pointText(label, point, panel))}">${mark}</g>`;
  });
  return `<g class="s c${style.colour}" data-name="${escaped(series.name)}">${scattered ? "" : `<path class="k" d="${d}"${dash}/>`}${marks.join("")}</g>`;
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

const LEGEND_ROW = 20;

/** Labels in columns below the plot, in the order of the curves at the end of the axis. */
function legendBelow(
  styled: readonly Styled[],
  width: number,
  top: number,
): { inner: string; height: number } {
  const last = ({ series }: Styled) => series.points.at(-1)?.y ?? Number.NEGATIVE_INFINITY;
  const sorted = [...styled].sort((a, b) => last(b) - last(a));
  const longest = Math.max(0, ...sorted.map(({ label }) => label.length));
  const columns = Math.max(1, Math.floor(width / (40 + 0.9 * LETTER * longest)));
  const rows = Math.ceil(sorted.length / columns);
  const items = sorted.map(({ series, label, style }, index) => {
    const x = round(4 + Math.floor(index / rows) * (width / columns));
    const y = top + 14 + (index % rows) * LEGEND_ROW;
    const dash = style.dash ? ` stroke-dasharray="${style.dash}"` : "";
    return `<g data-name="${escaped(series.name)}"><g class="s c${style.colour}"><path class="k" d="M${x} ${y}h26"${dash}/>${markerSvg(style.marker, x + 13, y)}</g><text class="n" x="${x + 33}" y="${y + 4}">${escaped(label)}</text></g>`;
  });
  return { inner: items.join(""), height: rows * LEGEND_ROW + 10 };
}
