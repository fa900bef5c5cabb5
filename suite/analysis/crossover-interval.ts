/**
 * How sure a crossover is. Each replicate redraws the differences and finds the lasting crossing
 * again; the interval is the 2.5% and 97.5% quantile on the extended line, where -∞ is "always" and
 * +∞ "never". Dropping the infinite replicates would narrow the interval falsely.
 *
 * Default: pooled t, d_j* = d_j + t(df)·s·√(1/n₁+1/n₂). Resampling three seeds instead covers only
 * about 80% at a nominal 95%; that plain bootstrap stays in crossover-bootstrap.ts for comparison.
 *
 * Replicates carry the noise twice, and the *last* point that is not ahead is the latest of many, so
 * where curves part slowly the replicates lie too late (simulated coverage down to 40% when they part
 * by an eighth of the seeds' deviation per doubling). The early end is therefore also bounded by a
 * confidence band: the crossover cannot be sure to come after a point that is not surely behind. With
 * it simulated coverage is 94% or more at every slope (`coverage.ts` prints the table).
 */
import { type Axis, coordinate, countCrossings, lastingCrossing, positionOf } from "./crossover.ts";
import type { PairedPoint } from "./curve.ts";
import { studentTFactor } from "./intervals.ts";
import type { Metric } from "./metric.ts";
import { differenceNoise } from "./noise.ts";
import { quantileOfSorted } from "./quantile.ts";
import {
  drawStudentT,
  type Random,
  REPLICATES,
  RESAMPLING_SEED,
  randomFrom,
  studentTSampler,
} from "./random.ts";
import { tuningSampler } from "./tuning-resample.ts";

export interface CrossoverInterval {
  /** In the axis's own unit; 0 or ∞ where the interval leaves the grid. */
  low: number;
  high: number;
  /** Share of replicates in which the challenger leads everywhere. */
  always: number;
  /** Share in which it does not lead at the end of the grid. */
  never: number;
  /** Share with more than one crossing. */
  several: number;
  method: "pooled t" | "bootstrap";
  /** What was resampled: `seeds` is conditional on the configurations chosen. */
  resampled: "seeds" | "seeds and tuning";
  replicates: number;
  seed: number;
}

export interface IntervalOptions {
  axis: Axis;
  minimumLead?: number;
  replicates?: number;
  seed?: number;
}

/** Writes one point's difference for every replicate: `out[first + replicate·stride]`. */
export type Fill = (out: Float64Array, first: number, stride: number) => void;

/** The distribution of the lasting crossing over replicates; one `Fill` per point, in axis order. */
export function summariseReplicates(
  points: readonly { position: number; fill: Fill }[],
  options: IntervalOptions & { replicates: number; earliest?: number },
): Pick<CrossoverInterval, "low" | "high" | "always" | "never" | "several"> {
  const { axis, minimumLead = 0, replicates, earliest = Number.POSITIVE_INFINITY } = options;
  const count = points.length;
  const x = Float64Array.from(points, ({ position }) => coordinate(axis, position));
  // Row by row, so that a replicate is one contiguous subarray.
  const differences = new Float64Array(replicates * count);
  points.forEach(({ fill }, j) => {
    fill(differences, j, count);
  });
  if (minimumLead !== 0) {
    differences.forEach((value, index) => {
      differences[index] = value - minimumLead;
    });
  }
  const lasting = new Float64Array(replicates);
  let several = 0;
  for (let replicate = 0; replicate < replicates; replicate++) {
    const d = differences.subarray(replicate * count, (replicate + 1) * count);
    lasting[replicate] = lastingCrossing(x, d);
    if (countCrossings(d) > 1) several++;
  }
  lasting.sort();
  const ends = [
    positionOf(axis, Math.min(earliest, quantileOfSorted(lasting, 0.025))),
    positionOf(axis, quantileOfSorted(lasting, 0.975)),
  ];
  const share = (value: number) => lasting.filter((one) => one === value).length / replicates;
  return {
    low: Math.min(...ends),
    high: Math.max(...ends),
    always: share(Number.NEGATIVE_INFINITY),
    never: share(Number.POSITIVE_INFINITY),
    several: several / replicates,
  };
}

export interface PooledTOptions extends IntervalOptions {
  /** Also resample the configurations and reselect, by this metric; needs the points' cells. */
  tuning?: Metric;
}

/**
 * The default interval, conditional on the configurations chosen unless `tuning` is given. Null when no cell has two seeds, so that nothing is known about the noise.
 *
 * @param points in axis order, from `pairCurves`.
 */
export function pooledTCrossover(
  points: readonly PairedPoint[],
  options: PooledTOptions,
): CrossoverInterval | null {
  const { seed = RESAMPLING_SEED, replicates = REPLICATES, tuning } = options;
  if (points.length === 0 || points.some(({ noise }) => !(noise.df > 0))) return null;
  const random = randomFrom(seed);
  const earliest = bandEdge(points, options);
  const filled = points.map((point) => ({
    position: point.position,
    fill: fillOf(point, random, tuning),
  }));
  return {
    ...summariseReplicates(filled, { ...options, replicates, earliest }),
    method: "pooled t",
    resampled: tuning ? "seeds and tuning" : "seeds",
    replicates,
    seed,
  };
}

/** Draws the replicates of one point's difference. */
function fillOf(point: PairedPoint, random: Random, tuning: Metric | undefined): Fill {
  const { difference, seedNoise, challenger, baseline } = point;
  if (!tuning || !challenger.cell || !baseline.cell) {
    const { standardError } = seedNoise;
    const t = studentTSampler(seedNoise.df);
    return (out, first, stride) => {
      for (let i = first; i < out.length; i += stride) {
        out[i] = difference + t(random) * standardError;
      }
    };
  }
  const one = tuningSampler(challenger.cell, tuning);
  const other = tuningSampler(baseline.cell, tuning);
  const noise = noiseOf(point, random);
  return (out, first, stride) => {
    for (let i = first; i < out.length; i += stride) {
      const a = one(random);
      const centre = a.centre;
      const inverseCount = a.inverseCount;
      const b = other(random);
      out[i] = centre - b.centre + noise(inverseCount, b.inverseCount);
    }
  };
}

/** Draws the noise of a difference between means of 1/inverseCount seeds each. */
function noiseOf(
  { challengerDeviation, baselineDeviation }: PairedPoint,
  random: Random,
): (one: number, other: number) => number {
  if (challengerDeviation === baselineDeviation) {
    const { s, df } = challengerDeviation;
    const t = studentTSampler(df);
    return (one, other) => t(random) * s * Math.sqrt(one + other);
  }
  return (one, other) => {
    const { standardError, df } = differenceNoise(
      { deviation: challengerDeviation, inverseCount: one },
      { deviation: baselineDeviation, inverseCount: other },
    );
    return drawStudentT(random, df) * standardError;
  };
}

const BAND_LEVEL = 0.95;

/**
 * The lasting crossing (as a coordinate) of the upper edge of a one-sided 95% band around the
 * differences: Šidák over the points whose sign the whole band does not settle.
 */
function bandEdge(points: readonly PairedPoint[], options: PooledTOptions): number {
  const { axis, minimumLead = 0, tuning } = options;
  const factor = (df: number, count: number) => studentTFactor(df, BAND_LEVEL ** (1 / count));
  const leads = points.map(({ position, difference, noise, seedNoise }) => ({
    x: coordinate(axis, position),
    lead: difference - minimumLead,
    ...(tuning ? noise : seedNoise),
  }));
  const unsettled = leads.filter(
    ({ lead, standardError, df }) => Math.abs(lead) < factor(df, leads.length) * standardError,
  );
  const count = Math.max(1, unsettled.length);
  return lastingCrossing(
    leads.map(({ x }) => x),
    leads.map(({ lead, standardError, df }) => lead + factor(df, count) * standardError),
  );
}
