/** @file A plan in parts of about equal time: the same parts wherever the plan is made. */
import type { CellPlan } from "../protocol/plan.ts";
import { type Estimator, longestFirst } from "./estimate.ts";

/** GitHub's limit for a matrix. */
export const MAX_SHARDS = 256;

/**
 * Longest cell first, each to the shard with the least work so far. What is finished plays no part:
 * a job that starts again finds its own cells. Fewer shards than `count` when there are fewer cells.
 */
export function shardsOf(
  plans: readonly CellPlan[],
  count: number,
  estimate: Estimator,
): CellPlan[][] {
  const runnable = plans.filter(({ invalid }) => !invalid);
  const shards = Array.from({ length: Math.min(count, runnable.length) }, () => ({
    cells: [] as CellPlan[],
    work: 0,
  }));
  for (const plan of longestFirst(runnable, estimate)) {
    const least = shards.reduce((best, shard) => (shard.work < best.work ? shard : best));
    least.cells.push(plan);
    least.work += estimate.work(plan);
  }
  return shards.map(({ cells }) => cells);
}

/** Seconds that a shard takes on one process; undefined where a cell was not measured. */
export function shardSeconds(shard: readonly CellPlan[], estimate: Estimator): number | undefined {
  return shard
    .map(estimate.seconds)
    .reduce<number | undefined>(
      (sum, one) => (sum === undefined || one === undefined ? undefined : sum + one),
      0,
    );
}
