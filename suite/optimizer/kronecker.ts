/** @file Layers with Kronecker structure: rows, factors, damping, and gradients as matrices. */
import * as tf from "@tensorflow/tfjs-core";
import { gram } from "../linalg/index.ts";
import type { Observation, Pass } from "../nn/evaluate.ts";
import type { KroneckerLayer, Parameter } from "../nn/parameter.ts";
import type { GradientOf } from "./pipeline.ts";

/** How a method treats one layer. */
export interface TreatedLayer {
  readonly layer: KroneckerLayer;
  /** The bias is the last row of the gradient, and the inputs end in a 1. */
  readonly homogeneous: boolean;
  /** An embedding: a linear layer with one-hot inputs, whose input factor is diagonal. */
  readonly diagonal: boolean;
  /** a: order of the input factor: dIn, and the bias where homogeneous. */
  readonly order: number;
}

/** The layers whose weight gradient is one sum of outer products: all but tied ones. */
export function treatedLayers(
  layers: readonly KroneckerLayer[],
  options: { readonly homogeneous: boolean; readonly embeddings?: boolean },
): TreatedLayer[] {
  const { homogeneous, embeddings = true } = options;
  return layers
    .filter(({ tied, kind }) => !tied && (embeddings || kind !== "embedding"))
    .map((layer) => {
      const joined = homogeneous && layer.bias !== undefined;
      return {
        layer,
        homogeneous: joined,
        diagonal: layer.kind === "embedding",
        order: layer.dIn + (joined ? 1 : 0),
      };
    });
}

/** `xᵀx · scale`, `[d, d]`, for rows x `[rows, d]`; the smaller of x and the product is scaled. */
export function scaledGram(x: tf.Tensor2D, scale: number): tf.Tensor2D {
  const [rows, d] = x.shape;
  if (rows < d) return tf.matMul(x, tf.mul(x, scale), true, false);
  return tf.mul(gram(x, "columns"), scale);
}

/** h `[rows, dIn]`, or h̃ = [h, 1] where the layer is homogeneous. */
export function inputRows(
  { layer, homogeneous }: TreatedLayer,
  { inputs, rows }: Observation,
): tf.Tensor2D {
  if (!inputs) throw new Error(`Layer "${layer.name}" was not asked to show its inputs.`);
  const h = inputs as tf.Tensor2D;
  return homogeneous ? tf.concat2d([h, tf.fill([rows, 1], 1)], 1) : h;
}

/**
 * `A = hᵀh / rows`: the covariance of a layer's inputs, `[a, a]`; an embedding's is the vector
 * `count/rows` of `[entries]`. `divisor` replaces rows.
 */
export function inputCovariance(
  treated: TreatedLayer,
  observation: Observation,
  divisor = observation.rows,
): tf.Tensor {
  if (!treated.diagonal) return scaledGram(inputRows(treated, observation), 1 / divisor);
  const { inputs, rows } = observation;
  if (!inputs) throw new Error(`Layer "${treated.layer.name}" was not asked to show its inputs.`);
  const ids = tf.reshape(inputs, [rows]) as tf.Tensor1D;
  return tf.unsortedSegmentSum(tf.fill([rows], 1 / divisor), ids, treated.layer.dIn);
}

/** `B = eᵀe / N = N·δᵀδ`, `[dOut, dOut]`, for gradients δ of the mean loss over N terms. */
export function outputCovariance(outputGradients: tf.Tensor2D, terms: number): tf.Tensor2D {
  return scaledGram(outputGradients, terms);
}

/** The weight's gradient as a matrix `[a, dOut]`, the bias's below it where homogeneous. */
export function gradientMatrix(
  { layer, homogeneous }: TreatedLayer,
  gradientOf: GradientOf,
): tf.Tensor2D {
  const weight = tf.reshape(gradientOf(layer.weight), [layer.dIn, layer.dOut]) as tf.Tensor2D;
  if (!homogeneous || !layer.bias) return weight;
  return tf.concat2d([weight, tf.reshape(gradientOf(layer.bias), [1, layer.dOut])], 0);
}

/** A matrix `[a, dOut]` back in the parameters' shapes. */
export function asParameters(
  { layer, homogeneous }: TreatedLayer,
  matrix: tf.Tensor2D,
): [Parameter, tf.Tensor][] {
  const { weight, bias, dIn, dOut } = layer;
  const shape = weight.variable.shape;
  if (!homogeneous || !bias) return [[weight, tf.reshape(matrix, shape)]];
  return [
    [weight, tf.reshape(tf.slice2d(matrix, [0, 0], [dIn, dOut]), shape)],
    [bias, tf.reshape(tf.slice2d(matrix, [dIn, 0], [1, dOut]), [dOut])],
  ];
}

/** A layer's P(G), by its gradient or by what its batch showed of it. */
export interface LayerBlock {
  apply(gradientOf: GradientOf, observation?: Observation): [Parameter, tf.Tensor][];
}

/** P(G) of each layer by its block; `blocks` are in the order of `layers`. */
export function directionsOf(
  layers: readonly TreatedLayer[],
  blocks: readonly LayerBlock[],
  gradientOf: GradientOf,
  { observations }: Pick<Pass, "observations">,
): Map<Parameter, tf.Tensor> {
  const directions = layers.flatMap(({ layer }, i) =>
    (blocks[i] as LayerBlock).apply(gradientOf, observations.get(layer)),
  );
  return new Map(directions);
}

/**
 * Layers in groups whose rows may be there at once: convolutions each alone, for their patches are large,
 * and what is between them.
 */
export function convolutionsApart<T extends { readonly layer: KroneckerLayer }>(
  layers: readonly T[],
): T[][] {
  const groups: T[][] = [];
  layers.forEach((one, i) => {
    const neighbours = [one, layers[i - 1] ?? one];
    const together = i > 0 && neighbours.every(({ layer }) => layer.kind !== "convolution");
    if (together) groups.at(-1)?.push(one);
    else groups.push([one]);
  });
  return groups;
}

/** The diagonal of a matrix `[d, d]`, `[d]`. */
export function diagonalOf(matrix: tf.Tensor2D): tf.Tensor1D {
  const d = matrix.shape[0];
  return tf.stridedSlice(tf.reshape(matrix, [d * d]), [0], [d * d], [d + 1]) as tf.Tensor1D;
}

/** The parameters that a method treats, in order: weights, and biases where it treats them. */
export function parametersOf(
  layers: readonly TreatedLayer[],
  biases: "all" | "homogeneous",
): Parameter[] {
  return layers.flatMap(({ layer, homogeneous }) => {
    const withBias = layer.bias && (biases === "all" || homogeneous);
    return withBias ? [layer.weight, layer.bias as Parameter] : [layer.weight];
  });
}

/**
 * `λ_A = max(√λ·π, 1e-7)`, `λ_B = max(√λ/π, 1e-7)` with π² the ratio of the factors' mean
 * eigenvalues; where that is 0 or infinite both are λ. Traces and results are graph values.
 */
export function factoredDamping(
  a: { readonly trace: tf.Tensor; readonly order: number },
  b: { readonly trace: tf.Tensor; readonly order: number },
  damping: number,
): { ridgeA: tf.Scalar; ridgeB: tf.Scalar } {
  const ratio = tf.div(tf.mul(a.trace, b.order / a.order), b.trace);
  const usable = tf.logicalAnd(tf.greater(ratio, 0), tf.less(ratio, 1e38));
  const pi = tf.sqrt(tf.where(usable, ratio, tf.onesLike(ratio)));
  const root = Math.sqrt(damping);
  const plain = tf.fill([], damping);
  return {
    ridgeA: tf.where(usable, tf.maximum(tf.mul(pi, root), 1e-7), plain) as tf.Scalar,
    ridgeB: tf.where(usable, tf.maximum(tf.div(root, pi), 1e-7), plain) as tf.Scalar,
  };
}
