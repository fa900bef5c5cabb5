/**
 * PSGD's criterion against iterations and against epochs (Figure 3): do the curves of different batch
 * sizes coincide when drawn over iterations? The spread is the standard deviation over batch sizes of
 * the criterion's logarithm, averaged over the axis.
 */
import { interpolateAt } from "./interpolate.ts";
import { at, mean, standardDeviation } from "./statistics.ts";

export interface CriterionCurve {
  batchSize: number;
  stepsPerEpoch: number;
  /** Ascending. */
  step: readonly number[];
  /** Positive. */
  criterion: readonly number[];
}

const PLACES = 100;

/** Mean spread of the log criterion on the range that all curves share; at least two curves. */
export function criterionSpread(
  curves: readonly CriterionCurve[],
  axis: "iterations" | "epochs",
): number {
  const lines = curves.map(({ step, stepsPerEpoch, criterion }) => ({
    x: axis === "iterations" ? step : step.map((one) => one / stepsPerEpoch),
    y: criterion.map(Math.log),
  }));
  const from = Math.max(...lines.map(({ x }) => at(x, 0)));
  const to = Math.min(...lines.map(({ x }) => at(x, x.length - 1)));
  const spreads = Array.from({ length: PLACES }, (_, index) => {
    const place = from + ((to - from) * index) / (PLACES - 1);
    return standardDeviation(lines.map(({ x, y }) => interpolateAt(x, y, place)));
  });
  return mean(spreads);
}

/** Spread over iterations relative to the spread over epochs: below ½, it follows iterations. */
export function iterationShare(curves: readonly CriterionCurve[]): number {
  return criterionSpread(curves, "iterations") / criterionSpread(curves, "epochs");
}
