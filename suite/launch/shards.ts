/** @file A plan in parts of about equal time: the same parts wherever the plan is made. */
import type { CellPlan } from "../protocol/plan.ts";
import { trialCount } from "../protocol/plan.ts";
import type { TaskDeclaration } from "../protocol/task.ts";
import { longestFirst, trialSeconds } from "./estimate.ts";
import type { StepTimes } from "./step-times.ts";

/** GitHub's limit for a matrix. */
export const MAX_SHARDS = 256;

interface Known {
  readonly times: readonly StepTimes[];
  readonly task: TaskDeclaration;
}

/**
 * Longest cell first, each to the shard with the least work so far. What is finished plays no part:
 * a job that starts again finds its own cells.
 */
export function shardsOf(plans: readonly CellPlan[], count: number, known: Known): CellPlan[][] {
  const runnable = plans.filter(({ invalid }) => !invalid);
  const shards = Array.from({ length: Math.min(count, runnable.length) }, () => ({
    cells: [] as CellPlan[],
    work: 0,
  }));
  for (const plan of longestFirst(runnable, known)) {
    const least = shards.reduce((best, shard) => (shard.work < best.work ? shard : best));
    least.cells.push(plan);
    least.work += workOf(plan, known);
  }
  return shards.map(({ cells }) => cells);
}

function workOf(plan: CellPlan, known: Known): number {
  const { datasetSize, batchSize } = plan.cell;
  // Without a measurement, updates: the unit is the same for all cells of a plan that lacks one.
  return trialCount(plan) * (trialSeconds(plan.cell, known) ?? datasetSize / batchSize);
}

/** Seconds that a shard takes on one process; undefined where a cell was not measured. */
export function shardSeconds(shard: readonly CellPlan[], known: Known): number | undefined {
  const seconds = shard.map((plan) => {
    const each = trialSeconds(plan.cell, known);
    return each === undefined ? undefined : each * trialCount(plan);
  });
  return seconds.reduce<number | undefined>(
    (sum, one) => (sum === undefined || one === undefined ? undefined : sum + one),
    0,
  );
}
