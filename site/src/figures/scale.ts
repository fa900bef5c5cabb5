/** @file Axes: from data to pixels, with ticks that people read. */
import { formatAmount, formatCount } from "../../../suite/analysis/format.ts";
import type { FigureAxis } from "../../../suite/studies/figure.ts";

export interface Scale {
  at(value: number): number;
  readonly ticks: readonly { readonly value: number; readonly label: string }[];
  readonly domain: readonly [number, number];
}

type Kind = FigureAxis["scale"];

const forward = (kind: Kind, value: number) =>
  kind === "log2" ? Math.log2(value) : kind === "log10" ? Math.log10(value) : value;

/** A scale over a domain; `range` in pixels, `count` ticks at most. */
export function scaleOf(
  kind: Kind,
  domain: readonly [number, number],
  range: readonly [number, number],
  ticks: readonly number[],
): Scale {
  const [low, high] = domain.map((end) => forward(kind, end)) as [number, number];
  const width = high - low || 1;
  return {
    domain,
    at: (value) => range[0] + ((forward(kind, value) - low) / width) * (range[1] - range[0]),
    ticks: ticks.map((value) => ({ value, label: tickLabel(value) })),
  };
}

/** `98.5`, `4,096`, `0.001`, `1/64`, `2.1 G`. */
export function tickLabel(value: number): string {
  if (value === 0) return "0";
  const size = Math.abs(value);
  const inverse = 1 / size;
  if (size < 1 && Number.isInteger(Math.log2(size)) && inverse >= 8)
    return `1/${formatCount(inverse)}`;
  if (size >= 1e6) return formatAmount(value).replace(" ", " ");
  if (size >= 1000) return formatCount(value);
  if (size < 0.001) return powerLabel(value);
  return `${Number(value.toPrecision(6))}`.replace("-", "−");
}

const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/** `10⁻⁶`, `3·10⁻⁴`. */
function powerLabel(value: number): string {
  const [factor = "", exponent = ""] = value.toExponential(0).split("e-");
  const raised = [...exponent].map((digit) => SUPERSCRIPTS[Number(digit)]).join("");
  const power = `10⁻${raised}`;
  return factor === "1" ? power : `${factor.replace("-", "−")}·${power}`;
}

/** Round numbers inside a linear domain: steps of 1, 2 or 5 times a power of ten. */
export function linearTicks([low, high]: readonly [number, number], count: number): number[] {
  const span = high - low;
  if (!(span > 0)) return [low];
  const rough = span / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((one) => one >= rough) ?? rough;
  const ticks = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + 1e-9 * span; k++) {
    ticks.push(Number((k * step).toPrecision(12)));
  }
  return ticks;
}

/** Values of the data (log2 axes have few), thinned to `count`; powers of ten for log10. */
export function sizeTicks(kind: Kind, values: readonly number[], count: number): number[] {
  const sorted = [...new Set(values)].sort((a, b) => a - b);
  if (kind === "linear") return linearTicks([sorted[0] ?? 0, sorted.at(-1) ?? 1], count);
  if (kind === "log10") return logTicks([sorted[0] ?? 1, sorted.at(-1) ?? 1], count);
  if (sorted.length <= count) return sorted;
  const every = Math.ceil(sorted.length / count);
  return sorted.filter((_, index) => (sorted.length - 1 - index) % every === 0);
}

/** Round numbers inside a log10 domain: powers of ten, or 1, 2 and 5 times them where there are few. */
export function logTicks([low, high]: readonly [number, number], count: number): number[] {
  const [from, to] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
  const powers = Array.from({ length: to - from + 1 }, (_, i) => from + i);
  const inside = (factors: readonly number[]) =>
    powers
      .flatMap((power) => factors.map((factor) => Number(`${factor}e${power}`)))
      .filter((value) => value >= low * (1 - 1e-9) && value <= high * (1 + 1e-9));
  const decades = inside([1]);
  if (decades.length > 2) {
    const every = Math.ceil(decades.length / Math.max(2, count));
    return decades.filter((_, index) => (decades.length - 1 - index) % every === 0);
  }
  const finer = inside([1, 2, 5]);
  return finer.length > 1 ? finer : [low, high].map((end) => Number(end.toPrecision(2)));
}

/** A log10 domain widened to 1, 2 or 5 times a power of ten. */
export function logDomain([low, high]: readonly [number, number]): [number, number] {
  const steps = (value: number) => {
    const power = Math.floor(Math.log10(value));
    return [1, 2, 5, 10].map((factor) => Number(`${factor}e${power}`));
  };
  return [
    steps(low).findLast((step) => step <= low * (1 + 1e-9)) ?? low,
    steps(high).find((step) => step >= high * (1 - 1e-9)) ?? high,
  ];
}

/** Moves labels apart: desired centres ascending in, centres at least `gap` apart out. */
export function dodge(
  centres: readonly number[],
  gap: number,
  [top, bottom]: readonly [number, number],
): number[] {
  const order = centres
    .map((_, index) => index)
    .sort((a, b) => (centres[a] as number) - (centres[b] as number));
  const placed = order.map((index) => centres[index] as number);
  for (let i = 1; i < placed.length; i++) {
    placed[i] = Math.max(placed[i] as number, (placed[i - 1] as number) + gap);
  }
  let limit = bottom;
  for (let i = placed.length - 1; i >= 0; i--) {
    placed[i] = Math.max(top, Math.min(placed[i] as number, limit));
    limit = (placed[i] as number) - gap;
  }
  const result = centres.slice();
  order.forEach((index, i) => {
    result[index] = placed[i] as number;
  });
  return result;
}
