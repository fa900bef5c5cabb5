/**
 * Where two curves cross, on a log2 axis. `difference > 0` means that the challenger is better; a
 * difference of exactly 0 counts as not ahead.
 *
 * The headline is the *lasting* crossing: the point from which the challenger stays ahead to the end
 * of the grid. It is total and single-valued on the extended line (-∞: ahead everywhere, +∞: not
 * ahead at the end), so that it can be resampled; see crossover-interval.ts.
 */
import { at } from "./statistics.ts";

export type Axis = "batch" | "dataset";

/** One sign change between neighbouring points; `position` in the axis's own unit. */
export interface Crossing {
  position: number;
  direction: "up" | "down";
}

/**
 * - `always`: ahead at every point. `never`: at none. `lost`: ahead earlier, not at the end.
 * - `crosses`: behind (or level) somewhere, and ahead from the lasting crossing on.
 */
export type Outcome = "always" | "never" | "lost" | "crosses";

/** A difference of scores at one batch (or dataset) size. */
export interface DifferencePoint {
  /** Batch size or dataset size. */
  position: number;
  /** Challenger minus baseline, oriented so that more is better. */
  difference: number;
}

export interface CrossoverPoint {
  outcome: Outcome;
  /**
   * The lasting crossing in the axis's own unit. On the batch axis 0 for `always` and ∞ for `never`
   * and `lost`; on the dataset axis, where the challenger leads on the *small* side, the reverse.
   */
  lasting: number;
  /** All crossings in the order of the walk (batch sizes up, dataset sizes down), touches dropped. */
  crossings: readonly Crossing[];
  /** More than one crossing. */
  several: boolean;
}

/** Axis coordinate: log2 of the size, reversed for dataset sizes. */
export function coordinate(axis: Axis, position: number): number {
  return axis === "batch" ? Math.log2(position) : -Math.log2(position);
}

/** Inverse of `coordinate`, on the extended line. */
export function positionOf(axis: Axis, x: number): number {
  return 2 ** (axis === "batch" ? x : -x);
}

function interpolate(x: ArrayLike<number>, d: ArrayLike<number>, j: number): number {
  const before = Math.abs(at(d, j));
  const after = Math.abs(at(d, j + 1));
  return at(x, j) + ((at(x, j + 1) - at(x, j)) * before) / (before + after);
}

// These three run in every replicate of an interval, so they index without `at`.

/**
 * The lasting crossing as a coordinate: x ascending [m], d [m]. -∞ if every d > 0, +∞ if the last
 * d ≤ 0, NaN without points.
 */
export function lastingCrossing(x: ArrayLike<number>, d: ArrayLike<number>): number {
  if (d.length === 0) return Number.NaN;
  let last = d.length - 1;
  while (last >= 0 && (d[last] as number) > 0) last--;
  if (last < 0) return Number.NEGATIVE_INFINITY;
  return last === d.length - 1 ? Number.POSITIVE_INFINITY : interpolate(x, d, last);
}

/** Every sign change, as coordinates; a down and an up at the same place (a touch) drop out. */
export function crossingsOf(
  x: ArrayLike<number>,
  d: ArrayLike<number>,
): { x: number; direction: "up" | "down" }[] {
  const found: { x: number; direction: "up" | "down" }[] = [];
  for (let j = 0; j + 1 < d.length; j++) {
    const ahead = at(d, j) > 0;
    if (ahead === at(d, j + 1) > 0) continue;
    const place = interpolate(x, d, j);
    if (isTouch(d, j)) found.pop();
    else found.push({ x: place, direction: ahead ? "down" : "up" });
  }
  return found;
}

/** Count of sign changes without touches: what `several` is made of, without allocating. */
export function countCrossings(d: ArrayLike<number>): number {
  let count = 0;
  for (let j = 0; j + 1 < d.length; j++) {
    if ((d[j] as number) > 0 === (d[j + 1] as number) > 0) continue;
    count += isTouch(d, j) ? -1 : 1;
  }
  return count;
}

/** The way up from a point that is exactly level and was reached from ahead. */
function isTouch(d: ArrayLike<number>, j: number): boolean {
  return d[j] === 0 && j > 0 && (d[j - 1] as number) > 0;
}

/**
 * Where the challenger's curve crosses the baseline's. Points may come in any order; positions must
 * be distinct and positive.
 *
 * @param minimumLead a lead counts only above this: "lasting lead of at least δ".
 */
export function findCrossover(
  points: readonly DifferencePoint[],
  options: { axis: Axis; minimumLead?: number },
): CrossoverPoint {
  const { axis, minimumLead = 0 } = options;
  const sorted = [...points].sort(
    (a, b) => coordinate(axis, a.position) - coordinate(axis, b.position),
  );
  if (sorted.length === 0) {
    throw new RangeError(
      "A crossover needs at least one batch or dataset size that both optimizers have.",
    );
  }
  const x = sorted.map((point) => coordinate(axis, point.position));
  const d = sorted.map((point) => point.difference - minimumLead);
  const lasting = lastingCrossing(x, d);
  const crossings = crossingsOf(x, d).map((crossing) => ({
    position: positionOf(axis, crossing.x),
    direction: crossing.direction,
  }));
  return {
    outcome: outcomeOf(lasting, d),
    lasting: positionOf(axis, lasting),
    crossings,
    several: crossings.length > 1,
  };
}

function outcomeOf(lasting: number, d: readonly number[]): Outcome {
  if (lasting === Number.NEGATIVE_INFINITY) return "always";
  if (lasting === Number.POSITIVE_INFINITY) return d.some((value) => value > 0) ? "lost" : "never";
  return "crosses";
}
