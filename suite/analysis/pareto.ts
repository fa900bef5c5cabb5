/**
 * The Pareto front of cost and quality. Dominated: another is at most as costly and at least as good,
 * one of them strictly. Exact duplicates stay together.
 */
import { drawIndex, RESAMPLING_SEED, randomFrom } from "./random.ts";
import { ascending, at, mean } from "./statistics.ts";

export interface CostPoint {
  cost: number;
  /** Oriented: more is better. */
  quality: number;
}

/** Whether each point is on the front; infinite costs and non-finite qualities never are. */
export function paretoFront(points: readonly CostPoint[]): boolean[] {
  const order = points
    .map((_, index) => index)
    .filter((index) => {
      const { cost, quality } = at(points, index);
      return Number.isFinite(cost) && Number.isFinite(quality);
    })
    .sort((a, b) => {
      const [one, other] = [at(points, a), at(points, b)];
      return ascending(one.cost, other.cost) || ascending(other.quality, one.quality);
    });
  const front = points.map(() => false);
  let best: CostPoint = { cost: Number.NaN, quality: Number.NEGATIVE_INFINITY };
  for (const index of order) {
    const point = at(points, index);
    const duplicate = point.cost === best.cost && point.quality === best.quality;
    if (!duplicate && point.quality <= best.quality) continue;
    front[index] = true;
    best = point;
  }
  return front;
}

export interface SeededCostPoint {
  cost: number;
  /** Oriented values of the report seeds. */
  values: readonly number[];
}

/** Each point's share of bootstrap replicates (over seeds) in which it is on the front. */
export function frontShares(
  points: readonly SeededCostPoint[],
  options: { replicates?: number; seed?: number } = {},
): { onFront: boolean; share: number }[] {
  const { replicates = 2000, seed = RESAMPLING_SEED } = options;
  const random = randomFrom(seed);
  const counts = points.map(() => 0);
  for (let replicate = 0; replicate < replicates; replicate++) {
    const resampled = points.map(({ cost, values }) => {
      let total = 0;
      for (let i = 0; i < values.length; i++) total += at(values, drawIndex(random, values.length));
      return { cost, quality: total / values.length };
    });
    paretoFront(resampled).forEach((onFront, index) => {
      if (onFront) counts[index] = at(counts, index) + 1;
    });
  }
  const point = paretoFront(points.map(({ cost, values }) => ({ cost, quality: mean(values) })));
  return counts.map((count, index) => ({ onFront: at(point, index), share: count / replicates }));
}
