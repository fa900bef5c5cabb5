/**
 * 95% intervals for the mean of a few seeds (analysis, section 1): Student's t below ten values, with
 * a pooled deviation for four or fewer; the BCa bootstrap from ten on. The percentile bootstrap of
 * three values *is* [min, max], which is too narrow, so boards never use it.
 */
import { normalCdf, normalQuantile, studentTQuantile } from "./distributions.ts";
import type { Metric } from "./metric.ts";
import { type Deviation, sharedDeviation } from "./noise.ts";
import { quantileOfSorted } from "./quantile.ts";
import { drawIndex, REPLICATES, RESAMPLING_SEED, randomFrom } from "./random.ts";
import { ascending, at, mean, standardDeviation, sum } from "./statistics.ts";

export type IntervalMethod = "t" | "pooled t" | "percentile bootstrap" | "BCa bootstrap";

export interface Interval {
  low: number;
  high: number;
  method: IntervalMethod;
}

const CONFIDENCE = 0.95;
const TAIL = (1 - CONFIDENCE) / 2;

/** Mean ± t·s/√n; null below two values. */
export function tInterval(values: readonly number[]): Interval | null {
  const s = standardDeviation(values);
  return around(values, { s, df: values.length - 1 }, "t");
}

/** The same with a deviation pooled over neighbouring cells; null when that has no df. */
export function pooledTInterval(values: readonly number[], deviation: Deviation): Interval | null {
  return around(values, deviation, "pooled t");
}

function around(
  values: readonly number[],
  { s, df }: Deviation,
  method: IntervalMethod,
): Interval | null {
  if (values.length === 0 || !(df > 0)) return null;
  const half = studentTFactor(df) * (s / Math.sqrt(values.length));
  const centre = mean(values);
  return { low: centre - half, high: centre + half, method };
}

const factors = new Map<string, number>();

/** Quantile `p` of Student's t (by default the two-sided 95% factor), remembered. */
export function studentTFactor(df: number, p: number = 1 - TAIL): number {
  const key = `${df} ${p}`;
  const known = factors.get(key);
  if (known !== undefined) return known;
  const factor = studentTQuantile(p, df);
  factors.set(key, factor);
  return factor;
}

/** Up to this many values, all n^n resamples are enumerated. */
const MOST_EXACT = 5;

/**
 * The statistic of each bootstrap resample: all n^n of them up to five values, else 10,000 drawn with
 * the given seed.
 */
export function bootstrapReplicates(
  values: readonly number[],
  statistic: (resample: readonly number[]) => number,
  seed: number = RESAMPLING_SEED,
): number[] {
  const n = values.length;
  const resample = [...values];
  if (n <= MOST_EXACT) {
    return Array.from({ length: n ** n }, (_, index) => {
      for (let i = 0, rest = index; i < n; i++, rest = Math.floor(rest / n)) {
        resample[i] = at(values, rest % n);
      }
      return statistic(resample);
    });
  }
  const random = randomFrom(seed);
  return Array.from({ length: REPLICATES }, () => {
    for (let i = 0; i < n; i++) resample[i] = at(values, drawIndex(random, n));
    return statistic(resample);
  });
}

/** The 2.5% and 97.5% quantiles of bootstrap replicates. */
export function percentileInterval(replicates: readonly number[]): Interval {
  return between(replicates, TAIL, 1 - TAIL, "percentile bootstrap");
}

function between(
  replicates: readonly number[],
  low: number,
  high: number,
  method: IntervalMethod,
): Interval {
  const sorted = [...replicates].sort(ascending);
  return { low: quantileOfSorted(sorted, low), high: quantileOfSorted(sorted, high), method };
}

/** A BCa interval with the constants it was made of; `levels` are the quantiles it reads. */
export interface BcaInterval extends Interval {
  z0: number;
  acceleration: number;
  levels: readonly [number, number];
}

/**
 * Bias-corrected and accelerated (Efron 1987). Falls back to the percentile interval, and says so in
 * `method`, when z0 is infinite or the jackknife constant.
 */
export function bcaInterval(
  values: readonly number[],
  statistic: (resample: readonly number[]) => number = mean,
  seed: number = RESAMPLING_SEED,
): BcaInterval {
  const replicates = bootstrapReplicates(values, statistic, seed);
  const estimate = statistic(values);
  const tolerance = 1e-12 * Math.max(1, Math.abs(estimate));
  let below = 0;
  for (const replicate of replicates) {
    if (Math.abs(replicate - estimate) <= tolerance) below += 0.5;
    else if (replicate < estimate) below += 1;
  }
  const z0 = normalQuantile(below / replicates.length);
  const acceleration = jackknifeAcceleration(values, statistic);
  const level = (z: number) => normalCdf(z0 + (z0 + z) / (1 - acceleration * (z0 + z)));
  const z = normalQuantile(1 - TAIL);
  if (!Number.isFinite(z0) || Number.isNaN(acceleration)) {
    const levels = [TAIL, 1 - TAIL] as const;
    return { ...percentileInterval(replicates), z0, acceleration, levels };
  }
  const levels = [level(-z), level(z)] as const;
  return { ...between(replicates, ...levels, "BCa bootstrap"), z0, acceleration, levels };
}

function jackknifeAcceleration(
  values: readonly number[],
  statistic: (resample: readonly number[]) => number,
): number {
  const left = values.map((_, i) => statistic(values.filter((__, j) => j !== i)));
  const centre = mean(left);
  const squares = sum(left.map((value) => (centre - value) ** 2));
  if (squares === 0) return Number.NaN;
  return sum(left.map((value) => (centre - value) ** 3)) / (6 * squares ** 1.5);
}

/** Values that a quantity can take: no interval reaches beyond them. */
const POSSIBLE = {
  accuracy: [0, 1],
  loss: [0, Number.POSITIVE_INFINITY],
} as const satisfies Record<Metric["quantity"], readonly [number, number]>;

/** The rule for a board: BCa from ten seeds on, pooled t up to four, plain t between. */
export function scoreInterval(
  values: readonly number[],
  neighbours: readonly (readonly number[])[],
  quantity: Metric["quantity"],
): Interval | null {
  const interval = unboundedInterval(values, neighbours);
  if (!interval) return null;
  const [least, most] = POSSIBLE[quantity];
  const { low, high, method } = interval;
  return { low: Math.max(least, low), high: Math.min(most, high), method };
}

function unboundedInterval(
  values: readonly number[],
  neighbours: readonly (readonly number[])[],
): Interval | null {
  if (values.length >= 10) return bcaInterval(values);
  if (values.length > 4) return tInterval(values);
  return pooledTInterval(values, sharedDeviation(values, neighbours));
}

/** The standard error that goes with it: from the pooled deviation up to four seeds. */
export function scoreError(
  values: readonly number[],
  neighbours: readonly (readonly number[])[],
): number {
  return sharedDeviation(values, values.length > 4 ? [] : neighbours).s / Math.sqrt(values.length);
}
