/** @file A batch that does not fit into memory, evaluated in parts with the same result. */
import * as tf from "@tensorflow/tfjs-core";
import type { Shown } from "./observation.ts";
import type { Batch, PartialPass } from "./pass.ts";

/** Sums over the batch, and what the layers showed of each part. */
export interface AccumulatedPass extends Omit<PartialPass, "shown"> {
  readonly shown: readonly (readonly Shown[])[];
}

type Evaluate = (part: Batch, uniforms: Float32Array | undefined) => PartialPass;

/**
 * Evaluates `size` examples at a time and adds up. A lazy backend runs each part before the next is
 * recorded, so that their activations are never in memory together; and adding apart from evaluating,
 * so that two compiled graphs serve any number of parts.
 *
 * @param uniforms one per row of the batch, dealt to the parts in order
 */
export function inMicroBatches(
  batch: Batch,
  size: number,
  uniforms: Float32Array | undefined,
  evaluate: Evaluate,
): AccumulatedPass {
  if (!Number.isInteger(size) || size < 1) {
    throw new Error(`The micro-batch size is ${size}; give a whole number of at least 1.`);
  }
  if (size >= batch.examples) {
    const { shown, ...sums } = evaluate(batch, uniforms);
    return { ...sums, shown: [shown] };
  }
  let total: AccumulatedPass | undefined;
  for (let start = 0; start < batch.examples; start += size) {
    const count = Math.min(size, batch.examples - start);
    const part = tidily(() => evaluate(...sliceOf(batch, uniforms, start, count)));
    runRecorded();
    total = plus(total, part);
    runRecorded();
  }
  return total as AccumulatedPass;
}

function runRecorded(): void {
  (tf.backend() as { flush?: () => void }).flush?.();
}

/** `tf.tidy` for a result that its type does not foresee; it finds the tensors all the same. */
function tidily<T>(compute: () => T): T {
  return tf.tidy(compute as unknown as () => tf.TensorContainer) as unknown as T;
}

function sliceOf(
  { inputs, labels, examples }: Batch,
  uniforms: Float32Array | undefined,
  start: number,
  count: number,
): Parameters<Evaluate> {
  const rows = labels.size / examples;
  // Gathered, not sliced: indices are values, and values never make another graph.
  const pick = (x: tf.Tensor, from: number, size: number) =>
    tf.gather(
      x,
      tf.tensor1d(
        Int32Array.from({ length: size }, (_, i) => from + i),
        "int32",
      ),
    );
  const part: Batch = {
    inputs: pick(inputs, start, count),
    labels: pick(labels, start * rows, count * rows) as tf.Tensor1D,
    examples: count,
  };
  return [part, uniforms?.subarray(start * rows, (start + count) * rows)];
}

/** Adds a part; the tensors that went into the sums are disposed. */
function plus(total: AccumulatedPass | undefined, part: PartialPass): AccumulatedPass {
  const { shown, ...sums } = part;
  if (!total) return { ...sums, shown: [shown] };
  const { shown: before, ...sumsBefore } = total;
  const added = tidily(() => ({
    loss: tf.add(sumsBefore.loss, sums.loss) as tf.Scalar,
    gradients: addLists(sumsBefore.gradients, sums.gradients),
    ...(sums.sampledGradients && {
      sampledGradients: addLists(sumsBefore.sampledGradients ?? [], sums.sampledGradients),
    }),
    ...(sums.hessianVector && {
      hessianVector: addLists(sumsBefore.hessianVector ?? [], sums.hessianVector),
    }),
  }));
  tf.dispose([sums, sumsBefore] as unknown as tf.TensorContainer);
  return { ...added, shown: [...before, shown] };
}

function addLists(a: readonly tf.Tensor[], b: readonly tf.Tensor[]): tf.Tensor[] {
  return a.map((x, i) => tf.add(x, b[i] as tf.Tensor));
}
