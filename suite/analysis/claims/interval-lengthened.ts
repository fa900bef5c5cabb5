/**
 * "The inverse interval can be lengthened after an early phase" (Table 2): for every interval, accuracy
 * minus the reference (the shortest interval and the longest phase) stays above -0.3 points once the
 * early phase lasts at least `fromPercent` of training. Non-inferiority of every cell supports it
 * (no correction needed); one surely inferior cell (Holm) refutes it.
 */

import { studentTTwoSided } from "../distributions.ts";
import { holm } from "../holm.ts";
import { studentTFactor } from "../intervals.ts";
import { pooledDeviation } from "../noise.ts";
import { SIGNIFICANCE } from "../ranks.ts";
import { at, mean } from "../statistics.ts";
import { type ClaimResult, NEGLIGIBLE, type Side, verdictOf } from "./claim.ts";
import { FEWEST_SEEDS } from "./guards.ts";

export interface IntervalCell {
  /** Share of training, in percent, with frequent updates. */
  percent: number;
  /** Inverse interval afterwards, in steps. */
  interval: number;
  /** Accuracies in [0, 1] by seed; one number per cell for the paper. */
  values: readonly number[];
}

/** The cell with the shortest interval and the longest early phase. */
function referenceCell(cells: readonly IntervalCell[]): IntervalCell | undefined {
  return [...cells].sort((a, b) => a.interval - b.interval || b.percent - a.percent)[0];
}

/** The smallest accuracy minus the reference's among cells with at least this early phase. */
export function worstLoss(cells: readonly IntervalCell[], fromPercent: number): number {
  const reference = referenceCell(cells);
  if (!reference) return Number.NaN;
  const centre = mean(reference.values);
  const long = cells.filter(({ percent }) => percent >= fromPercent);
  return Math.min(...long.map(({ values }) => mean(values) - centre));
}

export function intervalLengthenedClaim(
  cells: readonly IntervalCell[],
  options: { fromPercent: number; missing: readonly string[] },
): ClaimResult {
  const reference = referenceCell(cells);
  const long = cells
    .filter((cell) => cell.percent >= options.fromPercent && cell !== reference)
    .sort((a, b) => a.interval - b.interval || a.percent - b.percent);
  const missing = [...options.missing, ...fewSeeds(reference ? [reference, ...long] : [])];
  const deviation = pooledDeviation(cells.map(({ values }) => values));
  const tests = long.map(({ percent, interval, values }) => {
    const count = reference?.values.length ?? Number.NaN;
    const error = deviation.s * Math.sqrt(1 / values.length + 1 / count);
    const difference = mean(values) - mean(reference?.values ?? []);
    const half = studentTFactor(Math.max(1, deviation.df)) * error;
    const p = studentTTwoSided((difference + NEGLIGIBLE) / error, Math.max(1, deviation.df));
    return { percent, interval, difference, half, p };
  });
  const adjusted = holm(tests.map(({ p }) => p));
  const sides = tests.map(({ difference, half }, index): Side => {
    if (difference - half > -NEGLIGIBLE) return "inside";
    const surely = at(adjusted, index) < SIGNIFICANCE;
    return difference < -NEGLIGIBLE && surely ? "outside" : "undecided";
  });
  return {
    id: "interval-lengthened",
    verdict: verdictOf(sides, missing),
    statistics: tests.map(({ percent, interval, difference, half }) => ({
      name: `interval ${interval} after ${percent}% minus reference`,
      value: difference,
      interval: deviation.df > 0 ? { low: difference - half, high: difference + half } : null,
    })),
    finding: `worst ${(100 * worstLoss(cells, options.fromPercent)).toFixed(2)} points`,
    missing,
    sensitivity: [],
  };
}

function fewSeeds(cells: readonly IntervalCell[]): string[] {
  if (cells.length < 2) return ["a reference and at least one longer interval"];
  return cells
    .filter(({ values }) => values.length < FEWEST_SEEDS)
    .map(
      ({ percent, interval, values }) =>
        `interval ${interval} after ${percent}%: ${values.length} of ${FEWEST_SEEDS} seeds`,
    );
}
