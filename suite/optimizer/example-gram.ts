/**
 * @file Per-example gradients of a layer, `u_i = Σ_s h_is e_isᵀ` over the positions s of example i,
 * without forming them where that is cheaper.
 */
import * as tf from "@tensorflow/tfjs-core";
import { gram } from "../linalg/index.ts";

/** Rows of n examples, each with the same number of positions: h `[n·S, a]`, e `[n·S, b]`. */
export interface ExampleRows {
  readonly inputs: tf.Tensor2D;
  readonly outputs: tf.Tensor2D;
  readonly examples: number;
}

/**
 * `⟨u_i, u_j⟩`, `[n, n]`. One position: `(hhᵀ)∘(eeᵀ)`, 2n²(a + b) FLOPs. Several: through the
 * gradients themselves, 2nab(S + n), or through all pairs of positions, 2n²S²(a + b), whichever is
 * less.
 *
 * @param largestBlock floats that per-example gradients may take at once; more are made in parts
 */
export function exampleGram(rows: ExampleRows, largestBlock = 2 ** 25): tf.Tensor2D {
  const { inputs, outputs, examples: n } = rows;
  const [all, a] = inputs.shape;
  const b = outputs.shape[1];
  const positions = all / n;
  const throughPairs = all * all * (a + b);
  const throughGradients = n * a * b * (positions + n);
  if (positions > 1 && throughGradients < throughPairs) return gramOfGradients(rows, largestBlock);
  const products = tf.mul<tf.Tensor2D>(gram(inputs, "rows"), gram(outputs, "rows"));
  if (positions === 1) return products;
  return tf.sum(tf.reshape(products, [n, positions, n, positions]), [1, 3]);
}

/** The gradients as rows, some output columns at a time. */
function gramOfGradients(
  { inputs, outputs, examples: n }: ExampleRows,
  largestBlock: number,
): tf.Tensor2D {
  const [all, a] = inputs.shape;
  const b = outputs.shape[1];
  const columns = Math.max(1, Math.min(b, Math.floor(largestBlock / (n * a))));
  const grams: tf.Tensor2D[] = [];
  for (let start = 0; start < b; start += columns) {
    const width = Math.min(columns, b - start);
    const some = tf.slice2d(outputs, [0, start], [all, width]);
    const gradients = exampleGradients({ inputs, outputs: some, examples: n });
    grams.push(gram(gradients, "rows"));
  }
  return tf.addN(grams);
}

/** u_i as rows, `[n, a·b]`. */
export function exampleGradients({ inputs, outputs, examples: n }: ExampleRows): tf.Tensor2D {
  const [all, a] = inputs.shape;
  const b = outputs.shape[1];
  const perExample = (rows: tf.Tensor2D) => tf.reshape<tf.Rank.R3>(rows, [n, all / n, -1]);
  return tf.reshape(tf.matMul(perExample(inputs), perExample(outputs), true, false), [n, a * b]);
}

/** `Σ_i w_i u_i`, `[a, b]`, for weights `[n]`. */
export function weightedSum(rows: ExampleRows, weights: tf.Tensor): tf.Tensor2D {
  return tf.matMul(rows.inputs, weigh(rows.outputs, weights), true, false);
}

/** Every row times its example's weight. */
export function weigh(rows: tf.Tensor2D, weights: tf.Tensor): tf.Tensor2D {
  const [all, width] = rows.shape;
  const n = weights.size;
  const perExample = tf.reshape(rows, [n, all / n, width]);
  return tf.reshape(tf.mul(perExample, tf.reshape(weights, [n, 1, 1])), [all, width]);
}

/** `⟨g, u_i⟩`, `[n]`, for a matrix g `[a, b]`. */
export function projections(
  { inputs, outputs, examples: n }: ExampleRows,
  g: tf.Tensor2D,
): tf.Tensor1D {
  const perRow = tf.sum(tf.mul(tf.matMul(inputs, g), outputs), 1);
  return tf.sum(tf.reshape(perRow, [n, perRow.size / n]), 1);
}

/** `(Σ_i w_i h_i / Σ_j √|w_j|)ᵀ (Σ_i √|w_i| e_i)`, position by position. */
export function rankOneSum(
  { inputs, outputs, examples }: ExampleRows,
  weights: tf.Tensor,
): tf.Tensor2D {
  const roots = tf.sqrt(tf.abs(weights));
  const total = tf.maximum(tf.sum(roots), 1e-30);
  const overExamples = (rows: tf.Tensor2D): tf.Tensor2D =>
    tf.sum(tf.reshape(rows, [examples, -1, rows.shape[1]]), 0);
  const left = overExamples(weigh(inputs, tf.div(weights, total)));
  return tf.matMul(left, overExamples(weigh(outputs, roots)), true, false);
}
