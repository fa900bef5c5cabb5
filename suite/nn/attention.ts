/** @file Multi-head self-attention (Vaswani et al. 2017), over all tokens or causal. */
import * as tf from "@tensorflow/tfjs-core";
import { dropout } from "./dropout.ts";
import { type LinearOptions, linear } from "./linear.ts";
import type { ForwardPass, ModelBuilder } from "./model.ts";

export interface AttentionOptions {
  readonly width: number;
  /** Divides the width. */
  readonly heads: number;
  /** Paths of the layer that makes queries, keys and values at once, and of the output's. */
  readonly names: { readonly qkv: string; readonly projection: string };
  readonly initial: {
    readonly qkv: Pick<LinearOptions, "initialWeight" | "initialBias">;
    readonly projection: Pick<LinearOptions, "initialWeight" | "initialBias">;
  };
  /** Share of attention weights dropped. */
  readonly dropout: number;
}

/** How the rows of activations are sequences. */
export interface Sequences {
  readonly count: number;
  readonly tokens: number;
  /** Added to the scores, `[tokens, tokens]`: `causalMask`, or nothing. */
  readonly mask?: tf.Tensor;
}

/** Maps `[count·tokens, width]` to the same, each sequence on its own. */
export type ApplyToSequences = (x: tf.Tensor, sequences: Sequences, pass: ForwardPass) => tf.Tensor;

/** `softmax(QKᵀ/√d + mask)·V` per head of width d, then a linear layer; biases throughout. */
export function selfAttention(builder: ModelBuilder, options: AttentionOptions): ApplyToSequences {
  const { width, heads, names, initial } = options;
  if (width % heads !== 0) {
    throw new Error(`${heads} heads do not divide the width ${width}. Choose a divisor of it.`);
  }
  const size = width / heads;
  const wide = { dIn: width, dOut: 3 * width, bias: true };
  const qkv = linear(builder, names.qkv, { ...wide, ...initial.qkv });
  const square = { dIn: width, dOut: width, bias: true };
  const projection = linear(builder, names.projection, { ...square, ...initial.projection });
  return (x, { count, tokens, mask }, pass) => {
    const apart = tf.reshape(qkv(x, pass), [count, tokens, 3, heads, size]);
    const [queries, keys, values] = tf.unstack(tf.transpose(apart, [2, 0, 3, 1, 4])) as [
      tf.Tensor,
      tf.Tensor,
      tf.Tensor,
    ];
    const scaled = tf.mul(queries, 1 / Math.sqrt(size));
    const scores = tf.matMul(scaled, keys, false, true);
    const weights = tf.softmax(mask ? tf.add(scores, mask) : scores);
    const mixed = tf.matMul(dropout(weights, options.dropout, pass), values);
    const joined = tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), [count * tokens, width]);
    return projection(joined, pass);
  };
}

/** 0 where token i may see token j ≤ i, −1e9 elsewhere, `[tokens, tokens]`. */
export function causalMask(tokens: number): tf.Tensor2D {
  const mask = new Float32Array(tokens * tokens);
  for (let i = 0; i < tokens; i++) mask.fill(-1e9, i * tokens + i + 1, (i + 1) * tokens);
  return tf.tensor2d(mask, [tokens, tokens]);
}
