/**
 * @file Parts of a dataset: any size, stratified by class, nested (the smaller is contained in the
 * larger), and fixed: they are drawn with {@link DATA_SEED}, never with a trial's seed, so that
 * every trial of a cell sees the same examples and every trial of a task the same validation set.
 */
import { DataError, requireInteger } from "./error.ts";
import type { Examples } from "./examples.ts";
import { stream } from "./prng.ts";

/** The seed of splits and subsets. */
export const DATA_SEED = 0;

/**
 * The first `size` of the examples in a stratified order: each class has its share to within one
 * or two examples.
 * @throws DataError "bad-argument" for a size below 1 or above what there is.
 */
export function subset(examples: Examples, size: number): Examples {
  requireInteger(
    "Dataset size",
    size,
    [1, examples.rows.length],
    "Choose a --dataset-size in this range.",
  );
  if (size === examples.rows.length) return examples;
  return withRows(examples, stratifiedOrder(examples, "subset").subarray(0, size));
}

/** Examples split in two: `heldOut` has `size` of them, stratified, and `kept` all others. */
export interface Split {
  readonly kept: Examples;
  readonly heldOut: Examples;
}

/**
 * Keeps `size` examples out, for validation.
 * @throws DataError "bad-argument" unless at least one example is held out and one is kept.
 */
export function holdOut(examples: Examples, size: number): Split {
  requireInteger(
    "Validation size",
    size,
    [1, examples.rows.length - 1],
    "Correct the task's validation size: something must remain to train on.",
  );
  const order = stratifiedOrder(examples, "validation");
  return {
    heldOut: withRows(examples, order.subarray(0, size)),
    kept: withRows(examples, order.subarray(size)),
  };
}

/** @throws DataError "bad-argument" unless 1 ≤ batch size ≤ number of examples. */
export function requireBatchSize(batchSize: number, count: number): void {
  if (Number.isInteger(batchSize) && batchSize > count) {
    throw new DataError(
      "bad-argument",
      `Batch size ${batchSize} is larger than the dataset (${count} examples): allowed are 1 to ${count}.`,
      "Choose a smaller --batch-size, or a larger --dataset-size.",
    );
  }
  requireInteger("Batch size", batchSize, [1, count], "Choose a --batch-size in this range.");
}

/** The examples whose rows are `rows`, in dataset order. */
function withRows(examples: Examples, rows: Int32Array): Examples {
  return { ...examples, rows: rows.slice().sort() };
}

/**
 * All rows in an order of which every beginning is stratified. Each class is shuffled; the r-th of
 * the n of a class gets the place (r + ½)/n, and places are sorted, equal ones in random order.
 */
function stratifiedOrder({ rows, labels, classes }: Examples, name: string): Int32Array {
  const random = stream(DATA_SEED, name);
  const shuffled = rows.slice();
  random.shuffle(shuffled);
  const sizes = new Int32Array(classes);
  for (const row of shuffled) addOne(sizes, labels[row] as number);
  const ranks = new Int32Array(classes);
  const places = Float64Array.from(shuffled, (row) => {
    const label = labels[row] as number;
    return (addOne(ranks, label) - 0.5) / (sizes[label] as number);
  });
  const order = Int32Array.from(shuffled, (_, i) => i);
  // Sorting is stable, so classes of equal size take turns in the shuffled order.
  order.sort((a, b) => (places[a] as number) - (places[b] as number));
  return order.map((i) => shuffled[i] as number);
}

function addOne(counts: Int32Array, index: number): number {
  const count = (counts[index] as number) + 1;
  counts[index] = count;
  return count;
}
