/** @file Token and position embeddings, and a head that shares the token embedding's weight. */
import * as tf from "@tensorflow/tfjs-core";
import { normal } from "./initialise.ts";
import type { Apply } from "./linear.ts";
import type { ForwardPass, ModelBuilder } from "./model.ts";
import type { Parameter } from "./parameter.ts";

export interface TokenEmbeddingOptions {
  readonly vocabulary: number;
  /** The longest sequence. */
  readonly block: number;
  readonly width: number;
  /** Standard deviation of the initial entries. */
  readonly initialDeviation: number;
  /** A head will share the token table. */
  readonly tied: boolean;
}

export interface TokenEmbedding {
  /** `[vocabulary, width]` */
  readonly table: Parameter;
  /** Token ids int32 `[n, tokens]` to `[n·tokens, width]`. */
  readonly apply: Apply;
}

/**
 * The sum of a learned vector per token (`wte`) and per position (`wpe`). Both are Kronecker layers
 * with one-hot inputs; they share the pre-activation, as one linear layer on both one-hot vectors
 * side by side would, so that observing them costs nothing.
 */
export function tokenEmbedding(
  builder: ModelBuilder,
  options: TokenEmbeddingOptions,
): TokenEmbedding {
  const { vocabulary, block, width, tied } = options;
  const table = (name: string, entries: number, isTied: boolean) => {
    const values = normal(builder.random, entries * width, options.initialDeviation);
    const weight = builder.parameter(`${name}.weight`, "embedding", [entries, width], values);
    const layer = builder.layer({
      name,
      kind: "embedding",
      weight,
      dIn: entries,
      dOut: width,
      place: "first",
      tied: isTied,
    });
    return { weight, layer };
  };
  const token = table("wte", vocabulary, tied);
  const position = table("wpe", block, false);
  const apply = (ids: tf.Tensor, pass: ForwardPass) => {
    const [n, tokens] = ids.shape as [number, number];
    if (tokens > block) {
      throw new Error(
        `The model reads at most ${block} tokens at once, but was given ${tokens}. Cut the ` +
          "sequences, or build the model with a longer block.",
      );
    }
    const flat = tf.reshape<tf.Rank.R1>(ids, [n * tokens]);
    const vectors = tf.reshape(lookUp(token.weight, flat), [n, tokens, width]);
    const all = position.weight.variable;
    const places = tokens === block ? all : tf.slice(all, [0, 0], [tokens, width]);
    const sum = tf.reshape(tf.add(vectors, places), [n * tokens, width]);
    pass.observe?.(token.layer, flat, sum, (input) => input);
    pass.observe?.(position.layer, ids, sum, positionsOf);
    return sum;
  };
  return { table: token.weight, apply };
}

/** Rows of a table by index; the gradient adds up the rows that share an index. */
function lookUp(table: Parameter, indices: tf.Tensor1D): tf.Tensor {
  const [entries] = table.variable.shape as [number, number];
  const look = tf.customGrad((weight, save) => {
    (save as tf.GradSaveFunc)([indices]);
    return {
      value: tf.gather(weight as tf.Tensor, indices),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) =>
        tf.unsortedSegmentSum(dy, saved[0] as tf.Tensor1D, entries),
    };
  });
  return look(table.variable);
}

/** 0 … tokens − 1 for each of n sequences, int32 `[n·tokens]`. */
function positionsOf(ids: tf.Tensor): tf.Tensor {
  const [n, tokens] = ids.shape as [number, number];
  return tf.tile(tf.range(0, tokens, 1, "int32"), [n]);
}

/** Maps `[rows, width]` to logits `[rows, vocabulary]` by the token table transposed; no bias. */
export function tiedHead(builder: ModelBuilder, name: string, table: Parameter): Apply {
  const [vocabulary, width] = table.variable.shape as [number, number];
  const layer = builder.layer({
    name,
    kind: "linear",
    weight: table,
    dIn: width,
    dOut: vocabulary,
    place: "head",
    tied: true,
  });
  return (x, pass) => {
    const weight = table.variable as tf.Tensor as tf.Tensor2D;
    const logits = tf.matMul(x as tf.Tensor2D, weight, false, true);
    pass.observe?.(layer, x, logits, (input) => input);
    return logits;
  };
}
