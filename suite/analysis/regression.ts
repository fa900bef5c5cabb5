/** Straight lines and planes by least squares, and Kendall's rank correlation. */
import { studentTFactor } from "./intervals.ts";
import { at, mean } from "./statistics.ts";

export interface LineFit {
  slope: number;
  intercept: number;
  /** 95%, Student's t with points - 2 degrees of freedom; null below three points. */
  interval: { low: number; high: number } | null;
}

/**
 * y = intercept + slope·x.
 *
 * @param resolution the spacing of the grid that y was read from: its error is at least that of
 *   rounding, resolution/√12, so that values equal by coarseness do not look certain.
 */
export function fitLine(x: readonly number[], y: readonly number[], resolution = 0): LineFit {
  const [cx, cy] = [mean(x), mean(y)];
  let sxx = 0;
  let sxy = 0;
  x.forEach((value, index) => {
    sxx += (value - cx) ** 2;
    sxy += (value - cx) * (at(y, index) - cy);
  });
  const slope = sxy / sxx;
  const intercept = cy - slope * cx;
  const df = x.length - 2;
  if (df < 1) return { slope, intercept, interval: null };
  const residual = x.reduce(
    (total, value, i) => total + (at(y, i) - intercept - slope * value) ** 2,
    0,
  );
  const s = Math.max(Math.sqrt(residual / df), resolution / Math.sqrt(12));
  const half = (studentTFactor(df) * s) / Math.sqrt(sxx);
  return { slope, intercept, interval: { low: slope - half, high: slope + half } };
}

/** d = constant + b·x + c·y by least squares; NaN where the points lie on one line. */
export function fitPlane(points: readonly { x: number; y: number; d: number }[]): {
  constant: number;
  b: number;
  c: number;
} {
  const [cx, cy, cd] = (["x", "y", "d"] as const).map((key) => mean(points.map((p) => p[key])));
  const centre = { x: cx ?? 0, y: cy ?? 0, d: cd ?? 0 };
  const moment = (one: "x" | "y", other: "x" | "y" | "d") =>
    points.reduce((sum, p) => sum + (p[one] - centre[one]) * (p[other] - centre[other]), 0);
  const [xx, xy, yy, xd, yd] = [
    moment("x", "x"),
    moment("x", "y"),
    moment("y", "y"),
    moment("x", "d"),
    moment("y", "d"),
  ];
  const determinant = xx * yy - xy * xy;
  const b = (yy * xd - xy * yd) / determinant;
  const c = (xx * yd - xy * xd) / determinant;
  return { constant: centre.d - b * centre.x - c * centre.y, b, c };
}

/** Kendall's τ of y over its order: (concordant - discordant) / pairs; equal pairs count 0. */
export function kendallTau(y: readonly number[]): number {
  let balance = 0;
  for (let i = 0; i < y.length; i++) {
    for (let j = i + 1; j < y.length; j++) balance += Math.sign(at(y, j) - at(y, i));
  }
  return balance / ((y.length * (y.length - 1)) / 2);
}
