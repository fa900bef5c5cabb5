/** Area under a curve, divided by its range; on raw points: smoothing is for the eye. */
import { at } from "./statistics.ts";

export interface AreaOptions {
  /** The common range; values at its ends are interpolated. Default: the curve's own. */
  from?: number;
  to?: number;
  /** Stands for everything after the first non-finite value, as after divergence. */
  chance?: number;
}

/** Trapezoid over [from, to], per unit of range. NaN when the range is not covered. */
export function areaUnderCurve(
  x: readonly number[],
  y: readonly number[],
  options: AreaOptions = {},
): number {
  const values = filled(y, options.chance ?? Number.NaN);
  const { from = x[0] ?? Number.NaN, to = x.at(-1) ?? Number.NaN } = options;
  if (!(at(x, 0) <= from && from < to && to <= at(x, x.length - 1))) return Number.NaN;
  let area = 0;
  for (let i = 0; i + 1 < x.length; i++) {
    const [start, end] = [Math.max(from, at(x, i)), Math.min(to, at(x, i + 1))];
    if (end <= start) continue;
    const value = (place: number) => {
      const share = (place - at(x, i)) / (at(x, i + 1) - at(x, i));
      return at(values, i) + share * (at(values, i + 1) - at(values, i));
    };
    area += ((value(start) + value(end)) / 2) * (end - start);
  }
  return area / (to - from);
}

function filled(y: readonly number[], chance: number): number[] {
  const end = y.findIndex((value) => !Number.isFinite(value));
  return end < 0 ? [...y] : y.map((value, index) => (index < end ? value : chance));
}

/** The best value so far, up to and including each point (more is better). */
export function runningBest(values: readonly number[]): number[] {
  let best = Number.NEGATIVE_INFINITY;
  return values.map((value) => {
    best = Math.max(best, value);
    return best;
  });
}
