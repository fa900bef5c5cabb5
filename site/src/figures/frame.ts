/** @file Where a panel's values land: its scales, and the room around the plot. */
import { quantile } from "../../../suite/analysis/quantile.ts";
import type { FigurePanel, FigurePoint } from "../../../suite/studies/figure.ts";
import { linearTicks, logDomain, logTicks, type Scale, scaleOf, sizeTicks } from "./scale.ts";
import type { Reference } from "./spec.ts";

export interface ChartSize {
  readonly width: number;
  readonly height: number;
}

export const MARGIN = { top: 14, bottom: 46, left: 56 };

export interface Frame {
  readonly x: Scale;
  readonly y: Scale;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
  /** Values below are drawn at the edge. */
  readonly floor: number;
}

/** `labelWidth`: room to the right of the plot. */
export function frameOf(
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
  const xDomain = spanOf(xs, x.scale);
  const yTicks = y.scale === "linear" ? linearTicks(yDomain, height / 60) : logTicks(yDomain, 6);
  const perTick = x.scale === "linear" ? 64 : 46;
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
      sizeTicks(x.scale, x.scale === "linear" ? xDomain : xs, Math.floor((right - left) / perTick)),
    ),
    y: scaleOf(y.scale, yDomain, [bottom, top], yTicks),
  };
}

/** A linear axis that begins near zero begins there. */
function spanOf(values: readonly number[], kind: string): [number, number] {
  if (values.length === 0) return [0, 1];
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return kind === "linear" && low > 0 && low < 0.15 * high ? [0, high] : [low, high];
}

/** How far below the main range a point still belongs to the picture, in main ranges. */
const REACH = 10;

/** Padded range; the low end ignores what lies far below the main range. */
function domainOf(
  values: readonly number[],
  points: readonly FigurePoint[],
  kind: string,
): [number, number] {
  if (values.length === 0) return kind === "linear" ? [0, 1] : [1, 10];
  const highs = points.flatMap((point) => point.high ?? point.y).concat(values);
  const lows = points.flatMap((point) => point.low ?? point.y).concat(values);
  const quarter = quantile([...values], 0.25);
  const top = Math.max(...values);
  const main = top - quarter;
  const cut = kind === "linear" && main > 0 ? quarter - REACH * main : Number.NEGATIVE_INFINITY;
  const inside = lows.filter((value) => value >= cut);
  const low = Math.min(...(inside.length > 0 ? inside : values));
  const high = Math.min(Math.max(...highs), top + Math.max(main, 1e-9) * 2);
  if (kind !== "linear") return logDomain([low > 0 ? low : Math.min(...values), high]);
  const pad = (high - low || Math.abs(high) || 1) * 0.05;
  return [low - pad, high + pad];
}

/** The place of a value, at the edge where it lies beyond. */
export const clamp = (value: number, frame: Frame) =>
  Math.min(frame.bottom, Math.max(frame.top, frame.y.at(value)));
