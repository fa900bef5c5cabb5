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
  const [left, right] = [MARGIN.left, width - labelWidth];
  const [top, bottom] = [MARGIN.top, height - MARGIN.bottom];
  const yDomain = domainOf(drawn, reference, y.scale);
  const xDomain = spanOf(xs, x.scale);
  const yTicks = y.scale === "linear" ? linearTicks(yDomain, height / 60) : logTicks(yDomain, 6);
  const perTick = x.scale === "linear" ? 64 : 46;
  return {
    left,
    right,
    top,
    bottom,
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

/**
 * How far below the main range a point still belongs to the picture, in main ranges. Curves may
 * begin far below where they end; leads are read against their zero.
 */
const REACH = { curve: 10, lead: 2 };

/** Padded range of the points and their bands, less what lies far below the main range. */
function domainOf(
  points: readonly FigurePoint[],
  reference: Reference | undefined,
  kind: string,
): [number, number] {
  if (points.length === 0) return kind === "linear" ? [0, 1] : [1, 10];
  const level = reference ? [reference.y] : [];
  const values = points.map((point) => point.y).concat(level);
  const quarter = quantile(values, 0.25);
  const top = Math.max(...values);
  const main = top - quarter;
  const reach = main * (reference ? REACH.lead : REACH.curve);
  const cut = kind === "linear" && main > 0 ? quarter - reach : Number.NEGATIVE_INFINITY;
  const inside = points.filter((point) => point.y >= cut);
  const ends = (of: (point: FigurePoint) => number) => inside.map(of).concat(level);
  const lowest = Math.min(...ends(({ low, y }) => (low !== undefined && low >= cut ? low : y)));
  const low = kind === "linear" || lowest > 0 ? lowest : Math.min(...values);
  const high = Math.min(
    Math.max(...ends(({ high, y }) => high ?? y)),
    top + Math.max(main, 1e-9) * 2,
  );
  if (kind !== "linear") return logDomain([low, high]);
  const pad = (high - low || Math.abs(high) || 1) * 0.05;
  return [low - pad, high + pad];
}

/** The place of a value, at the edge where it lies beyond. */
export const clamp = (value: number, frame: Frame) =>
  Math.min(frame.bottom, Math.max(frame.top, frame.y.at(value)));
