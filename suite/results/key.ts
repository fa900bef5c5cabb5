/** @file A trial's key: a hash of what it is, so that a finished trial is recognised anywhere. */
import { createHash } from "node:crypto";
import { sortedRecord } from "./canonical.ts";
import type { Cell, Hyperparameters } from "./schema.ts";

/** Everything that decides what a trial computes, and on which class of device. */
export interface TrialIdentity {
  readonly cell: Cell;
  readonly taskVersion: number;
  readonly optimizerVersion: number;
  readonly hyperparameters: Hyperparameters;
  readonly seed: number;
  readonly deviceClass: string;
}

/** First 32 hexadecimal digits of SHA-256 over the identity's JSON in a fixed order. */
export function trialKey(identity: TrialIdentity): string {
  const { cell, taskVersion, optimizerVersion, hyperparameters, seed, deviceClass } = identity;
  const text = JSON.stringify([
    [cell.tier, cell.task, taskVersion, cell.optimizer, optimizerVersion],
    [cell.batchSize, cell.datasetSize, seed, deviceClass],
    sortedRecord(hyperparameters),
  ]);
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}
