/**
 * How sure a crossover is. Each replicate redraws the differences and finds the lasting crossing
 * again; the interval is the 2.5% and 97.5% quantile on the extended line, where -∞ is "always" and
 * +∞ "never". Dropping the infinite replicates would narrow the interval falsely.
 *
 * Default: pooled t, d_j* = d_j + t(df)·s·√(1/n₁+1/n₂). Resampling three seeds instead covers only
 * about 80% at a nominal 95%; that plain bootstrap stays here for comparison.
 */
import { type Axis, coordinate, countCrossings, lastingCrossing, positionOf } from "./crossover.ts";
import type { PairedPoint } from "./curve.ts";
import { bootstrapReplicates } from "./intervals.ts";
import type { Metric } from "./metric.ts";
import { differenceNoise } from "./noise.ts";
import { quantileOfSorted } from "./quantile.ts";
import { drawIndex, drawStudentT, REPLICATES, RESAMPLING_SEED, randomFrom } from "./random.ts";
import { at, mean } from "./statistics.ts";
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
type Draw = (d: Float64Array) => void;

function summarise(
  positions: readonly number[],
  draw: Draw,
  options: IntervalOptions,
  count: number,
): Omit<CrossoverInterval, "method" | "resampled" | "seed"> {
  const { axis, minimumLead = 0 } = options;
  const x = positions.map((position) => coordinate(axis, position));
  const d = new Float64Array(x.length);
  const lasting = new Float64Array(count);
  let several = 0;
  for (let replicate = 0; replicate < count; replicate++) {
    draw(d);
    for (let j = 0; j < d.length; j++) d[j] = at(d, j) - minimumLead;
    lasting[replicate] = lastingCrossing(x, d);
    if (countCrossings(d) > 1) several++;
  }
  lasting.sort();
  const share = (value: number) => lasting.filter((one) => one === value).length / count;
  const ends = [0.025, 0.975].map((p) => positionOf(axis, quantileOfSorted(lasting, p)));
  return {
    low: Math.min(...ends),
    high: Math.max(...ends),
    always: share(Number.NEGATIVE_INFINITY),
    never: share(Number.POSITIVE_INFINITY),
    several: several / count,
    replicates: count,
  };
}

/**
 * The default interval. Null when no cell has two seeds, so that nothing is known about the noise.
 *
 * @param points in axis order, from `pairCurves`.
 * @param options.tuning also resample the configurations and reselect; needs the cells and their
 *   metric. Without it the interval is conditional on the choice.
 */
export function pooledTCrossover(
  points: readonly PairedPoint[],
  options: IntervalOptions & { tuning?: Metric },
): CrossoverInterval | null {
  const { seed = RESAMPLING_SEED, replicates = REPLICATES, tuning } = options;
  if (points.length === 0 || points.some(({ noise }) => !(noise.df > 0))) return null;
  const random = randomFrom(seed);
  const draws = points.map((point) => {
    const { difference, noise, challenger, baseline } = point;
    if (!tuning || !challenger.cell || !baseline.cell) {
      return () => difference + drawStudentT(random, noise.df) * noise.standardError;
    }
    const first = tuningSampler(challenger.cell, tuning);
    const second = tuningSampler(baseline.cell, tuning);
    const [one, other] = [point.challengerDeviation, point.baselineDeviation];
    const pooled = one === other ? one : null;
    return () => {
      const a = first(random);
      const b = second(random);
      const scale = pooled
        ? { standardError: pooled.s * Math.sqrt(a.inverseCount + b.inverseCount), df: pooled.df }
        : differenceNoise(
            { deviation: one, inverseCount: a.inverseCount },
            { deviation: other, inverseCount: b.inverseCount },
          );
      return a.centre - b.centre + drawStudentT(random, scale.df) * scale.standardError;
    };
  });
  const draw: Draw = (d) => {
    for (let j = 0; j < d.length; j++) d[j] = at(draws, j)();
  };
  const positions = points.map(({ position }) => position);
  return {
    ...summarise(positions, draw, options, replicates),
    method: "pooled t",
    resampled: tuning ? "seeds and tuning" : "seeds",
    seed,
  };
}

/** Exact enumeration of the joint bootstrap up to this many replicates. */
const MOST_EXACT = 10_000;

/**
 * The plain bootstrap over seeds: too narrow with few seeds, kept to say so. Seeds that both methods
 * share are resampled together. Exact (every combination of resamples) when that is at most 10,000
 * replicates.
 */
export function bootstrapCrossover(
  points: readonly {
    position: number;
    challenger: { values: readonly number[]; seeds: readonly number[] };
    baseline: { values: readonly number[]; seeds: readonly number[] };
  }[],
  options: IntervalOptions,
): CrossoverInterval {
  const { seed = RESAMPLING_SEED, replicates = REPLICATES } = options;
  const random = randomFrom(seed);
  // Per point: lists of resampled means to add up.
  const lists = points.map((point) => meanResamples(point, seed));
  const flat = lists.flat();
  const combinations = flat.reduce((product, list) => product * list.length, 1);
  const exact = combinations <= MOST_EXACT;
  let counter = 0;
  const draw: Draw = (d) => {
    let rest = counter++;
    for (let j = 0; j < d.length; j++) {
      let total = 0;
      for (const list of at(lists, j)) {
        total += at(list, exact ? rest % list.length : drawIndex(random, list.length));
        rest = Math.floor(rest / list.length);
      }
      d[j] = total;
    }
  };
  const positions = points.map(({ position }) => position);
  return {
    ...summarise(positions, draw, options, exact ? combinations : replicates),
    method: "bootstrap",
    resampled: "seeds",
    seed,
  };
}

function meanResamples(
  point: Parameters<typeof bootstrapCrossover>[0][number],
  seed: number,
): number[][] {
  const { challenger, baseline } = point;
  const shared =
    challenger.seeds.length === baseline.seeds.length &&
    challenger.seeds.every((one, index) => one === baseline.seeds[index]);
  if (shared) {
    const differences = challenger.values.map((value, index) => value - at(baseline.values, index));
    return [bootstrapReplicates(differences, mean, seed)];
  }
  const negated = baseline.values.map((value) => -value);
  return [
    bootstrapReplicates(challenger.values, mean, seed),
    bootstrapReplicates(negated, mean, seed + 1),
  ];
}
