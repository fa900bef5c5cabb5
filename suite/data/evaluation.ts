/** @file Every example once, in dataset order, none dropped: for evaluation. */
import type { Batch } from "./batches.ts";
import type { Examples, Preparation } from "./examples.ts";
import { sizeOf } from "./examples.ts";
import { requireBatchSize } from "./subsets.ts";

/** All examples, prepared, in one array. */
export interface EvaluationArrays {
  /** Shape of one example. */
  readonly shape: readonly number[];
  readonly count: number;
  /** `[count, ...shape]` values. */
  readonly inputs: Float32Array;
  /** `[count]` classes. */
  readonly labels: Int32Array;
}

/** Prepares all examples at once: 4 bytes per value, so for large images take batches instead. */
export function evaluationArrays(examples: Examples, preparation: Preparation): EvaluationArrays {
  const count = examples.rows.length;
  const size = sizeOf(preparation.shape);
  const inputs = new Float32Array(count * size);
  const labels = new Int32Array(count);
  prepare(examples, preparation, [0, count], { inputs, labels });
  return { shape: preparation.shape, count, inputs, labels };
}

/**
 * Prepared batches; the last may be smaller. The buffers are overwritten by the next batch.
 * @throws DataError "bad-argument" unless 1 ≤ batch size ≤ number of examples.
 */
export function* evaluationBatches(
  examples: Examples,
  preparation: Preparation,
  batchSize: number,
): Generator<Batch, void, undefined> {
  const count = examples.rows.length;
  requireBatchSize(batchSize, count);
  const size = sizeOf(preparation.shape);
  const inputs = new Float32Array(batchSize * size);
  const labels = new Int32Array(batchSize);
  for (let start = 0; start < count; start += batchSize) {
    const length = Math.min(batchSize, count - start);
    prepare(examples, preparation, [start, start + length], { inputs, labels });
    yield {
      inputs: inputs.subarray(0, length * size),
      labels: labels.subarray(0, length),
      shape: [length, ...preparation.shape],
    };
  }
}

function prepare(
  examples: Examples,
  preparation: Preparation,
  [start, end]: readonly [number, number],
  target: { readonly inputs: Float32Array; readonly labels: Int32Array },
): void {
  const size = sizeOf(preparation.shape);
  for (let i = start; i < end; i++) {
    const row = examples.rows[i] as number;
    preparation.fill(examples, row, target.inputs, (i - start) * size);
    target.labels[i - start] = examples.labels[row] as number;
  }
}
