/** An optimizer's scored cells along one axis, oriented so that more is better. */
import { type Axis, coordinate } from "./crossover.ts";
import { type Metric, oriented } from "./metric.ts";
import { type DifferenceNoise, deviationsOf, differenceNoise, type SeedValues } from "./noise.ts";
import type { ScoredCell } from "./scored-cell.ts";
import { at, mean } from "./statistics.ts";
import { tuningLucks } from "./tuning-luck.ts";

export interface CurvePoint extends SeedValues {
  position: number;
  /** Oriented values of the report seeds; `seeds` names them in the same order. */
  values: readonly number[];
  seeds: readonly number[];
  diverged: number;
  /** Standard deviation that the luck of tuning adds (tuning-luck.ts); 0 where nothing was tuned. */
  luck: number;
  /** The cell it came from: what tuning is resampled from. */
  cell?: ScoredCell;
}

export type Curve = readonly CurvePoint[];

/** Batch size or dataset size of a cell. */
export function axisPosition(axis: Axis, cell: { batchSize: number; datasetSize: number }): number {
  return axis === "batch" ? cell.batchSize : cell.datasetSize;
}

/** The scored cells of one optimizer as a curve in axis order. */
export function curveOf(
  cells: readonly ScoredCell[],
  options: { axis: Axis; metric: Metric },
): Curve {
  const { axis, metric } = options;
  const scored = cells.filter(({ state }) => state === "scored");
  const lucks = tuningLucks(scored, metric);
  return scored
    .map((cell, index) => ({
      position: axisPosition(axis, cell.cell),
      values: cell.seeds.map(({ value }) => oriented(metric, value)),
      seeds: cell.seeds.map(({ seed }) => seed),
      diverged: cell.diverged,
      luck: at(lucks, index),
      cell,
    }))
    .sort((a, b) => coordinate(axis, a.position) - coordinate(axis, b.position));
}

/** Two curves at one size that both have. */
export interface PairedPoint {
  position: number;
  challenger: CurvePoint;
  baseline: CurvePoint;
  /** Challenger minus baseline, oriented: positive means that the challenger is better. */
  difference: number;
  /** Of the seeds alone: conditional on the configurations chosen. */
  seedNoise: DifferenceNoise;
  /** Of the seeds and the luck of tuning: what decides whether the two surely differ. */
  noise: DifferenceNoise;
  challengerDeviation: { s: number; df: number };
  baselineDeviation: { s: number; df: number };
}

export interface PairedCurves {
  /** In axis order. */
  points: readonly PairedPoint[];
  /** Sizes inside the common range that only one of the two has: the pair is sparse. */
  gaps: readonly number[];
}

/** Pairs two curves; deviations are pooled over the cells of both (see noise.ts). */
export function pairCurves(challenger: Curve, baseline: Curve): PairedCurves {
  const [challengerDeviations, baselineDeviations] = deviationsOf([challenger, baseline]);
  const partner = new Map(baseline.map((point, index) => [point.position, { point, index }]));
  const points = challenger.flatMap((point, index): PairedPoint[] => {
    const found = partner.get(point.position);
    if (!found) return [];
    const challengerDeviation = at(challengerDeviations ?? [], index);
    const baselineDeviation = at(baselineDeviations ?? [], found.index);
    const seedNoise = differenceNoise(
      { deviation: challengerDeviation, inverseCount: 1 / point.values.length },
      { deviation: baselineDeviation, inverseCount: 1 / found.point.values.length },
    );
    const { df, standardError } = seedNoise;
    return [
      {
        position: point.position,
        challenger: point,
        baseline: found.point,
        difference: mean(point.values) - mean(found.point.values),
        seedNoise,
        noise: { df, standardError: Math.hypot(standardError, point.luck, found.point.luck) },
        challengerDeviation,
        baselineDeviation,
      },
    ];
  });
  return { points, gaps: gapsOf(challenger, baseline, points) };
}

function gapsOf(challenger: Curve, baseline: Curve, points: readonly PairedPoint[]): number[] {
  const common = points.map(({ position }) => position);
  const low = Math.min(...common);
  const high = Math.max(...common);
  const all = new Set([...challenger, ...baseline].map(({ position }) => position));
  return [...all]
    .filter((position) => position > low && position < high && !common.includes(position))
    .sort((a, b) => a - b);
}
