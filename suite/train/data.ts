/** @file What training needs of data; tasks provide it from `suite/data`. */
import type { TableBatches } from "../data/batches.ts";

/** One batch, in buffers that the next call may reuse. */
export interface RawBatch {
  /** `n × shape` values. */
  readonly inputs: Float32Array | Int32Array;
  /** One label per row: n, or n·T for token models. */
  readonly labels: Int32Array;
}

/** An endless stream of training batches. */
export interface BatchSource {
  /** Shape of one example. */
  readonly shape: readonly number[];
  readonly batchSize: number;
  /** The last partial batch is dropped. */
  readonly stepsPerEpoch: number;
  next(): RawBatch;
  /** Where examples stay as they are. Moves on as `next` does. */
  readonly fromTable?: TableBatches;
  /** Position and stream states, as JSON. */
  save(): unknown;
  restore(saved: unknown): void;
}

/** Examples to be evaluated once each, in order. */
export interface EvaluationSet {
  readonly shape: readonly number[];
  readonly count: number;
  /** `[count · rows per example]` */
  readonly labels: Int32Array;
  /** The inputs of the examples at these positions, one after the other. */
  gather(positions: Int32Array): Float32Array | Int32Array;
}

export type Split = "train" | "validation" | "test";

/** A task's data at one tier. */
export interface TaskData {
  readonly name: string;
  /** SHA-256 of the decoded arrays. */
  readonly checksum: string;
  /** Classes, or the size of the vocabulary. */
  readonly classes: number;
  /** Training batches of a subset, in the order that the trial's seed draws. */
  batches(options: { datasetSize: number; batchSize: number; seed: number }): BatchSource;
  /** `train` is the subset that is trained on, without augmentation; undefined if there is none. */
  evaluationSet(split: Split, datasetSize: number): EvaluationSet | undefined;
}
