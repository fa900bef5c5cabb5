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

/** Fills `d` [points] with one replicate of the differences. */
export type Draw = (d: Float64Array) => void;

/** The distribution of the lasting crossing over replicates. */
export function summariseReplicates(
  positions: readonly number[],
  draw: Draw,
  options: IntervalOptions & { replicates: number; earliest?: number },
): Pick<CrossoverInterval, "low" | "high" | "always" | "never" | "several"> {
  const { axis, minimumLead = 0, replicates, earliest = Number.POSITIVE_INFINITY } = options;
  const x = Float64Array.from(positions, (position) => coordinate(axis, position));
  const d = new Float64Array(x.length);
  const lasting = new Float64Array(replicates);
  let several = 0;
  let always = 0;
  let never = 0;
  for (let replicate = 0; replicate < replicates; replicate++) {
    draw(d);
    if (minimumLead !== 0) for (let j = 0; j < d.length; j++) d[j] = (d[j] as number) - minimumLead;
    const place = lastingCrossing(x, d);
    lasting[replicate] = place;
    if (place === Number.NEGATIVE_INFINITY) always++;
    if (place === Number.POSITIVE_INFINITY) never++;
    if (countCrossings(d) > 1) several++;
  }
  lasting.sort();
  const ends = [
    positionOf(axis, Math.min(earliest, quantileOfSorted(lasting, 0.025))),
    positionOf(axis, quantileOfSorted(lasting, 0.975)),
  ];
  return {
    low: Math.min(...ends),
    high: Math.max(...ends),
    always: always / replicates,
    never: never / replicates,
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
  const draws = points.map((point) => drawerOf(point, random, tuning));
  const draw: Draw = (d) => {
    for (let j = 0; j < d.length; j++) d[j] = (draws[j] as () => number)();
  };
  const positions = points.map(({ position }) => position);
  const earliest = bandEdge(points, options);
  return {
    ...summariseReplicates(positions, draw, { ...options, replicates, earliest }),
    method: "pooled t",
    resampled: tuning ? "seeds and tuning" : "seeds",
    replicates,
    seed,
  };
}

/** Draws replicates of one point's difference. */
function drawerOf(point: PairedPoint, random: Random, tuning: Metric | undefined): () => number {
  const { difference, seedNoise, challenger, baseline } = point;
  if (!tuning || !challenger.cell || !baseline.cell) {
    const t = studentTSampler(seedNoise.df);
    return () => difference + t(random) * seedNoise.standardError;
  }
  const first = tuningSampler(challenger.cell, tuning);
  const second = tuningSampler(baseline.cell, tuning);
  const [one, other] = [point.challengerDeviation, point.baselineDeviation];
  if (one === other) {
    const t = studentTSampler(one.df);
    return () => {
      const a = first(random);
      const b = second(random);
      const scale = one.s * Math.sqrt(a.inverseCount + b.inverseCount);
      return a.centre - b.centre + t(random) * scale;
    };
  }
  return () => {
    const a = first(random);
    const b = second(random);
    const { standardError, df } = differenceNoise(
      { deviation: one, inverseCount: a.inverseCount },
      { deviation: other, inverseCount: b.inverseCount },
    );
    return a.centre - b.centre + drawStudentT(random, df) * standardError;
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
