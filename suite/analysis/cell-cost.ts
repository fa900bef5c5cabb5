/** What a cell cost, and how its trials ended. */
import type { Status, Trial } from "../results/schema.ts";
import { median } from "./statistics.ts";

export interface CellCost {
  steps: number;
  samples: number;
  flops: number;
  peakBytes: number;
  /** Training seconds, without evaluation and compile; only comparable inside one device class. */
  seconds: number;
}

export type StatusCounts = Readonly<Partial<Record<Status, number>>>;

export function countStatuses(trials: readonly Trial[]): StatusCounts {
  const counts: Partial<Record<Status, number>> = {};
  for (const { status } of trials) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

/** Medians over the trials with these keys; over all of them where there are none. */
export function costOf(trials: readonly Trial[], reported: readonly string[]): CellCost {
  const keys = new Set(reported);
  const counted = keys.size > 0 ? trials.filter(({ key }) => keys.has(key)) : trials;
  const middle = (value: (cost: Trial["cost"]) => number) =>
    median(counted.map(({ cost }) => value(cost)));
  return {
    steps: middle(({ steps }) => steps),
    samples: middle(({ samples }) => samples),
    flops: middle(({ flops }) => flops),
    peakBytes: middle(({ peakBytes }) => peakBytes),
    seconds: middle(({ seconds }) => seconds.train),
  };
}
