/** @file Loss and accuracy over a whole set of examples, none dropped. */
import * as tf from "@tensorflow/tfjs-core";
import { positionsBetween } from "../data/gather.ts";
import { countCorrect, crossEntropy } from "../nn/losses.ts";
import type { Model } from "../nn/model.ts";
import type { EvaluationSet } from "./data.ts";

/** Mean cross-entropy in nats (true labels, no smoothing) and share of rows predicted right. */
export interface Score {
  readonly loss: number;
  readonly accuracy: number;
}

export interface SplitScore extends Score {
  /** Even and odd positions of the set: the halves that tier `paper` cross-fits with. */
  readonly halfA: Score;
  readonly halfB: Score;
}

/** Evaluates examples `from` (inclusive) to `to` (exclusive) in steps of `stride`. */
export async function evaluateSet(
  model: Model,
  set: EvaluationSet,
  batchSize: number,
  limit = set.count,
): Promise<Score> {
  const count = Math.min(limit, set.count);
  const sums: tf.Tensor[] = [];
  const perExample = set.labels.length / set.count;
  for (let start = 0; start < count; start += batchSize) {
    const end = Math.min(start + batchSize, count);
    sums.push(tf.tidy(() => batchSums(model, set, start, end)));
  }
  let loss = 0;
  let correct = 0;
  for (const sum of sums) {
    const [lossSum, correctSum] = await sum.data();
    sum.dispose();
    loss += lossSum as number;
    correct += correctSum as number;
  }
  const rows = count * perExample;
  return { loss: loss / rows, accuracy: correct / rows };
}

/** `[Σ loss, Σ correct]` over the rows of examples start to end. */
function batchSums(model: Model, set: EvaluationSet, start: number, end: number): tf.Tensor {
  const rowsPerExample = set.labels.length / set.count;
  const inputs = rowsOf(set.gather(positionsBetween(start, end)), set.shape);
  const labels = tf.tensor1d(
    set.labels.slice(start * rowsPerExample, end * rowsPerExample),
    "int32",
  );
  const logits = model.apply(inputs, { training: false, updateStatistics: false });
  const rows = (end - start) * rowsPerExample;
  return tf.stack([tf.mul(crossEntropy(logits, labels), rows), countCorrect(logits, labels)]);
}

/**
 * A tensor over `values`, which must not change while it lives: as many rows of `shape` as they make,
 * int32 for token ids and float32 else.
 */
export function rowsOf(values: Float32Array | Int32Array, shape: readonly number[]): tf.Tensor {
  const size = shape.reduce((product, one) => product * one, 1);
  const whole = [values.length / size, ...shape];
  return tf.tensor(values, whole, values instanceof Int32Array ? "int32" : "float32");
}

/** The set's examples at even (A) or odd (B) positions. */
export function halfOf(set: EvaluationSet, half: "A" | "B"): EvaluationSet {
  const offset = half === "A" ? 0 : 1;
  const count = Math.ceil((set.count - offset) / 2);
  const rows = set.labels.length / set.count;
  const labels = new Int32Array(count * rows);
  for (let i = 0; i < count; i++) {
    const from = 2 * i + offset;
    labels.set(set.labels.subarray(from * rows, (from + 1) * rows), i * rows);
  }
  const gather = (positions: Int32Array) => set.gather(positions.map((i) => 2 * i + offset));
  return { shape: set.shape, count, labels, gather };
}
