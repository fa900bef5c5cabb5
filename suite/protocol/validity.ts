/** @file Which cells can be run at all, and how many updates they make. */
import type { Budget } from "../results/schema.ts";

/** Fewer updates than this say nothing about an optimizer. */
export const MIN_UPDATES = 20;

/** Updates of a trial: the last partial batch of an epoch is dropped. */
export function updatesOf(budget: Budget, batchSize: number, datasetSize: number): number {
  switch (budget.unit) {
    case "epochs":
      return budget.amount * Math.floor(datasetSize / batchSize);
    case "steps":
      return budget.amount;
    case "samples":
      return Math.floor(budget.amount / batchSize);
  }
}

/** Why a cell is invalid, or undefined if it is fine. */
export function invalidReason(
  budget: Budget,
  batchSize: number,
  datasetSize: number,
): string | undefined {
  if (batchSize > datasetSize) {
    return `the batch of ${batchSize} is larger than the dataset of ${datasetSize} examples`;
  }
  const updates = updatesOf(budget, batchSize, datasetSize);
  if (updates < MIN_UPDATES) {
    return `only ${updates} updates: at least ${MIN_UPDATES} are needed to say anything`;
  }
  return undefined;
}
