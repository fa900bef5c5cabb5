/**
 * Two optimizers on one board: the difference at each size with its interval, where the challenger
 * overtakes for good, and what a step costs.
 */
import type { Board, BoardEntry, BoardRow } from "./board.ts";
import { type CrossoverPoint, findCrossover } from "./crossover.ts";
import { type CrossoverInterval, pooledTCrossover } from "./crossover-interval.ts";
import { type CurvePoint, curveOf, type PairedPoint, pairCurves } from "./curve.ts";
import { holm } from "./holm.ts";
import { studentTFactor } from "./intervals.ts";
import { MOST_EXACT, probabilityOfImprovement, signFlipTest } from "./paired-tests.ts";
import { differencePValue, SIGNIFICANCE } from "./ranks.ts";
import type { ReportSeed } from "./scored-cell.ts";
import { at, median } from "./statistics.ts";

export interface PairPoint {
  position: number;
  /** In the metric's unit, positive when the challenger is better, whatever the metric's direction. */
  difference: number;
  /** 95%: pooled t over seeds, and the luck of tuning; null with too few seeds. */
  interval: { low: number; high: number } | null;
  standardError: number;
  /** Two-sided, Holm over the points. */
  p: number;
  reading: "ahead" | "behind" | "level";
  /** On the seeds that both have; null without one. */
  paired: PairedSeeds | null;
  seeds: { challenger: readonly ReportSeed[]; baseline: readonly ReportSeed[] };
}

/** Seed by seed: with three seeds the exact p is .25 at best, with six .03. */
export interface PairedSeeds {
  seeds: number;
  /** P(challenger better): .75 is the threshold that Bouthillier et al. 2021 propose. */
  probability: number;
  /** Exact two-sided sign-flip p-value; null above 20 seeds. */
  signFlip: number | null;
}

export interface CostRatio {
  /** Challenger over baseline, medians over the common points; NaN where not measured. */
  flopsPerStep: number;
  peakBytes: number;
  secondsPerStep: readonly { deviceClass: string; ratio: number }[];
}

export interface PairComparison {
  challenger: string;
  baseline: string;
  board: Pick<Board, "tier" | "task" | "metric" | "axis" | "fixed">;
  /** Sizes that both have, ascending. */
  points: readonly PairPoint[];
  /** Sizes between them that only one has: the crossover is `sparse`. */
  gaps: readonly number[];
  crossover: CrossoverPoint;
  /** The headline: seeds and tuning resampled. Null with too few seeds. */
  interval: CrossoverInterval | null;
  /** Seeds only: conditional on the configurations chosen. */
  conditional: CrossoverInterval | null;
  /** No point differs surely, so no crossover is claimed whatever the point estimate says. */
  tie: boolean;
  cost: CostRatio;
}

export interface PairOptions {
  /** A lead counts only above this, in the metric's unit. */
  minimumLead?: number;
  replicates?: number;
}

/**
 * Compares two rows of a board; null when they share no scored point.
 *
 * @throws RangeError when the board has no row for one of them.
 */
export function comparePair(
  board: Board,
  challenger: string,
  baseline: string,
  options: PairOptions = {},
): PairComparison | null {
  const { axis, metric, tier, task, fixed } = board;
  const [first, second] = [rowOf(board, challenger), rowOf(board, baseline)];
  const cellsOf = (row: BoardRow) => row.entries.flatMap(({ cell }) => cell ?? []);
  const [one, other] = [first, second].map((row) => curveOf(cellsOf(row), { axis, metric }));
  const { points, gaps } = pairCurves(one ?? [], other ?? []);
  if (points.length === 0) return null;
  const pairPoints = pointsOf(points);
  return {
    challenger,
    baseline,
    board: { tier, task, metric, axis, fixed },
    points: [...pairPoints].sort((a, b) => a.position - b.position),
    gaps,
    crossover: findCrossover(points, { axis, ...options }),
    interval: pooledTCrossover(points, { axis, ...options, tuning: metric }),
    conditional: pooledTCrossover(points, { axis, ...options }),
    tie: pairPoints.every(({ reading }) => reading === "level"),
    cost: costRatio(first, second),
  };
}

/** The row of an optimizer. */
export function rowOf(board: Board, optimizer: string): BoardRow {
  const row = board.rows.find((one) => one.optimizer === optimizer);
  if (row) return row;
  const known = board.rows.map((one) => one.optimizer).join(", ");
  throw new RangeError(
    `The board of ${board.task}, tier ${board.tier}, has no optimizer '${optimizer}'. ` +
      `It has: ${known}. Choose one of these, or run its board cells first.`,
  );
}

function pointsOf(points: readonly PairedPoint[]): PairPoint[] {
  const adjusted = holm(points.map(({ difference, noise }) => differencePValue(difference, noise)));
  return points.map(({ position, difference, noise, challenger, baseline }, index) => {
    const p = at(adjusted, index);
    const half = noise.df > 0 ? studentTFactor(noise.df) * noise.standardError : null;
    const sure = p < SIGNIFICANCE;
    return {
      position,
      difference,
      interval: half === null ? null : { low: difference - half, high: difference + half },
      standardError: noise.standardError,
      p,
      reading: !sure ? "level" : difference > 0 ? "ahead" : "behind",
      paired: pairSeeds(challenger, baseline),
      seeds: { challenger: challenger.cell?.seeds ?? [], baseline: baseline.cell?.seeds ?? [] },
    };
  });
}

function pairSeeds(challenger: CurvePoint, baseline: CurvePoint): PairedSeeds | null {
  const other = new Map(baseline.seeds.map((seed, index) => [seed, at(baseline.values, index)]));
  const differences = challenger.seeds.flatMap((seed, index) => {
    const value = other.get(seed);
    return value === undefined ? [] : [at(challenger.values, index) - value];
  });
  if (differences.length === 0) return null;
  return {
    seeds: differences.length,
    probability: probabilityOfImprovement(differences),
    signFlip: differences.length > MOST_EXACT ? null : signFlipTest(differences),
  };
}

function costRatio(challenger: BoardRow, baseline: BoardRow): CostRatio {
  const pairs = challenger.entries.flatMap((entry, index) => {
    const other = baseline.entries[index];
    return entry.cell && other?.cell ? [[entry, other] as const] : [];
  });
  const ratio = (value: (entry: BoardEntry) => number) =>
    median(pairs.map(([one, other]) => value(one) / value(other)));
  const classes = new Set(pairs.flatMap(([{ seconds }]) => seconds.map((s) => s.deviceClass)));
  return {
    flopsPerStep: ratio(({ cell }) => (cell ? cell.cost.flops / cell.cost.steps : Number.NaN)),
    peakBytes: ratio(({ cell }) => cell?.cost.peakBytes ?? Number.NaN),
    secondsPerStep: [...classes].sort().flatMap((deviceClass) => {
      const ratios = pairs.flatMap(([one, other]) => {
        const [a, b] = [secondsPerStep(one, deviceClass), secondsPerStep(other, deviceClass)];
        return a !== null && b !== null ? [a / b] : [];
      });
      return ratios.length > 0 ? [{ deviceClass, ratio: median(ratios) }] : [];
    }),
  };
}

function secondsPerStep({ cell, seconds }: BoardEntry, deviceClass: string): number | null {
  const found = seconds.find((one) => one.deviceClass === deviceClass);
  return found && cell ? found.seconds / cell.cost.steps : null;
}
