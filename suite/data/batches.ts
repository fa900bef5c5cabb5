/**
 * @file Training batches: a new permutation each epoch from the stream "order", augmented from the
 * stream "augmentation". Both streams depend on the trial's seed alone, so that the data order is
 * the same at any number of workers, with or without micro-batches.
 */
import { DataError } from "./error.ts";
import type { Augmentation, Examples } from "./examples.ts";
import { sizeOf } from "./examples.ts";
import { type StreamState, stream } from "./prng.ts";
import { requireBatchSize } from "./subsets.ts";

/** A batch in buffers that the next call to `next` overwrites. */
export interface Batch {
  /** `[batch, ...shape]` values. */
  readonly inputs: Float32Array;
  /** `[batch]` classes. */
  readonly labels: Int32Array;
  /** Shape of `inputs`, the batch first. */
  readonly shape: readonly number[];
}

/** The same batches as rows of a table, for an engine that keeps the table: nothing is copied here. */
export interface TableBatches {
  /** `[any, ...shape]` values. */
  readonly table: Float32Array;
  /** `[batch]` row numbers and classes, in buffers that the next call overwrites. */
  next(): { readonly rows: Int32Array; readonly labels: Int32Array };
}

/** Where an endless stream of batches stands, as JSON. */
export interface BatchesState {
  /** Epochs begun. */
  readonly epoch: number;
  /** Batches of this epoch already taken. */
  readonly position: number;
  /** State of the stream "order" before this epoch's permutation was drawn. */
  readonly order: StreamState;
  readonly augmentation: StreamState;
}

export interface TrainingBatches {
  /** Shape of one example. */
  readonly shape: readonly number[];
  readonly batchSize: number;
  /** The last partial batch of an epoch is dropped. */
  readonly stepsPerEpoch: number;
  next(): Batch;
  /** Of data that is not augmented and is kept prepared. Moves on as `next` does. */
  readonly fromTable?: TableBatches;
  save(): BatchesState;
  /** @throws DataError "bad-state" if `saved` does not come from such batches. */
  restore(saved: unknown): void;
}

/**
 * An endless stream of augmented batches. Nothing is allocated per step.
 * @throws DataError "bad-argument" if the batch is larger than the dataset.
 */
export function trainingBatches(options: {
  readonly examples: Examples;
  readonly preparation: Augmentation;
  readonly batchSize: number;
  readonly seed: number;
}): TrainingBatches {
  const { examples, preparation, batchSize, seed } = options;
  const { rows, labels } = examples;
  requireBatchSize(batchSize, rows.length);
  const size = sizeOf(preparation.shape);
  const batch: Batch = {
    inputs: new Float32Array(batchSize * size),
    labels: new Int32Array(batchSize),
    shape: [batchSize, ...preparation.shape],
  };
  const table = preparation.table?.(examples.inputs);
  const stepsPerEpoch = Math.floor(rows.length / batchSize);
  const order = stream(seed, "order");
  const augmentation = stream(seed, "augmentation");
  const permutation = new Int32Array(rows.length);
  let orderBefore = order.save();
  let epoch = 0;
  let position = stepsPerEpoch;

  function beginEpoch(): void {
    orderBefore = order.save();
    permutation.set(rows);
    order.shuffle(permutation);
  }
  /** The rows of the next batch; their labels are in `batch`. */
  function nextRows(): Int32Array {
    if (position === stepsPerEpoch) {
      beginEpoch();
      epoch++;
      position = 0;
    }
    const first = position++ * batchSize;
    for (let i = 0; i < batchSize; i++) {
      batch.labels[i] = labels[permutation[first + i] as number] as number;
    }
    return permutation.subarray(first, first + batchSize);
  }
  return {
    shape: preparation.shape,
    batchSize,
    stepsPerEpoch,
    next() {
      const taken = nextRows();
      for (let i = 0; i < batchSize; i++) {
        preparation.fill(examples, taken[i] as number, batch.inputs, i * size, augmentation);
      }
      return batch;
    },
    ...(table && {
      fromTable: { table, next: () => ({ rows: nextRows(), labels: batch.labels }) },
    }),
    save: () => ({ epoch, position, order: orderBefore, augmentation: augmentation.save() }),
    restore(saved) {
      const state = checked(saved, stepsPerEpoch);
      order.restore(state.order);
      augmentation.restore(state.augmentation);
      epoch = state.epoch;
      position = state.position;
      if (epoch > 0) beginEpoch();
    },
  };
}

function checked(saved: unknown, stepsPerEpoch: number): BatchesState {
  const state = (saved ?? {}) as Partial<BatchesState>;
  const { epoch = -1, position = -1, order, augmentation } = state;
  const valid =
    Number.isInteger(epoch) &&
    Number.isInteger(position) &&
    epoch >= 0 &&
    position >= 0 &&
    position <= stepsPerEpoch;
  if (!valid || !order || !augmentation) {
    throw new DataError(
      "bad-state",
      `The saved position in the data is ${JSON.stringify(saved)?.slice(0, 200)}: expected are epoch, position (0 to ${stepsPerEpoch}) and the states of two streams.`,
      "Resume with the batch size and dataset size that the checkpoint was written with.",
    );
  }
  return { epoch, position, order, augmentation };
}
