/**
 * When a curve first reaches a target, by its running best. The *score* is the evaluation at which it
 * was seen (as AlgoPerf); the *display* value interpolates. Never reached: censored at the budget, ∞
 * in ranks. Means of finishers alone are never taken.
 */
import type { Trial } from "../results/schema.ts";
import { at, median, sum } from "./statistics.ts";

export interface Curve2D {
  /** Non-decreasing: steps, samples, FLOPs or seconds. */
  unit: readonly number[];
  /** Oriented values; a non-finite one ends the curve. */
  value: readonly number[];
}

export interface TimeToTarget {
  /** The first evaluation that shows it; ∞ when never. */
  score: number;
  /** Interpolated within the running best; ∞ when never. */
  display: number;
  /** `left`: reached at the first evaluation already. `right`: not within the budget. */
  censored: "left" | "right" | null;
  /** The last unit of the curve. */
  budget: number;
}

/** @param target on the oriented scale, as the values. */
export function timeToTarget({ unit, value }: Curve2D, target: number): TimeToTarget {
  const budget = unit.at(-1) ?? Number.NaN;
  let best = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < unit.length; i++) {
    const now = at(value, i);
    if (!Number.isFinite(now)) break;
    if (now >= target) {
      const here = at(unit, i);
      if (i === 0) return { score: here, display: here, censored: "left", budget };
      const before = at(unit, i - 1);
      const display = before + ((here - before) * (target - best)) / (now - best);
      return { score: here, display, censored: null, budget };
    }
    best = Math.max(best, now);
  }
  const never = Number.POSITIVE_INFINITY;
  return { score: never, display: never, censored: "right", budget };
}

export interface TargetSummary {
  /** ∞ when at least half were censored. */
  median: number;
  /** Mean of min(T, budget): an underestimate as soon as one is censored. */
  restrictedMean: number;
  /** Expected running time (COCO): what all runs cost, over the successes; ∞ without one. */
  expectedRunningTime: number;
  successes: number;
  runs: number;
}

/** Over seeds, by the chosen reading of each run. */
export function summariseTimes(
  runs: readonly TimeToTarget[],
  reading: "score" | "display" = "score",
): TargetSummary {
  const times = runs.map((run) => run[reading]);
  const spent = runs.map((run, index) => Math.min(at(times, index), run.budget));
  const successes = times.filter(Number.isFinite).length;
  return {
    median: median(times),
    restrictedMean: sum(spent) / runs.length,
    expectedRunningTime: successes > 0 ? sum(spent) / successes : Number.POSITIVE_INFINITY,
    successes,
    runs: runs.length,
  };
}

export const TARGET_UNITS = ["steps", "samples", "flops", "seconds"] as const;
export type TargetUnit = (typeof TARGET_UNITS)[number];

export type TargetColumn =
  | "testAccuracy"
  | "validationAccuracy"
  | "trainAccuracy"
  | "testLoss"
  | "validationLoss"
  | "trainLoss";

/**
 * A trial's evaluations as a curve in one unit; losses are negated, so negate their target too. FLOPs
 * and seconds are read from their own cumulative series, because interval work is lumpy. Null when the
 * column was not recorded.
 */
export function evaluationCurve(
  trial: Trial,
  options: { column: TargetColumn; unit: TargetUnit; batchSize: number },
): Curve2D | null {
  const { evaluations } = trial;
  const values = evaluations[options.column];
  if (!values) return null;
  const sign = options.column.endsWith("Loss") ? -1 : 1;
  return {
    unit: unitSeries(evaluations, options).map((one) => one ?? Number.NaN),
    value: values.map((value) => (value === null ? Number.NaN : sign * value)),
  };
}

function unitSeries(
  evaluations: Trial["evaluations"],
  { unit, batchSize }: { unit: TargetUnit; batchSize: number },
): readonly (number | null)[] {
  switch (unit) {
    case "steps":
      return evaluations.step;
    case "samples":
      return evaluations.step.map((step) => (step ?? Number.NaN) * batchSize);
    case "flops":
      return evaluations.flops;
    case "seconds":
      return evaluations.seconds;
  }
}
