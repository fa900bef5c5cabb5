/** @file The pre-normalisation transformer block of GPT-2 and of the vision transformer. */
import * as tf from "@tensorflow/tfjs-core";
import { type ApplyToSequences, selfAttention } from "./attention.ts";
import { dropout } from "./dropout.ts";
import { constant, normal } from "./initialise.ts";
import { layerNorm } from "./layer-norm.ts";
import { type LinearOptions, linear } from "./linear.ts";
import type { ModelBuilder } from "./model.ts";

/** The parts' names in the model's origin, each after the block's own path. */
export interface BlockNames {
  readonly attentionNorm: string;
  readonly qkv: string;
  readonly projection: string;
  readonly mlpNorm: string;
  readonly expand: string;
  readonly contract: string;
}

export const TIMM_BLOCK: BlockNames = {
  attentionNorm: "norm1",
  qkv: "attn.qkv",
  projection: "attn.proj",
  mlpNorm: "norm2",
  expand: "mlp.fc1",
  contract: "mlp.fc2",
};

export const GPT2_BLOCK: BlockNames = {
  attentionNorm: "ln_1",
  qkv: "attn.c_attn",
  projection: "attn.c_proj",
  mlpNorm: "ln_2",
  expand: "mlp.c_fc",
  contract: "mlp.c_proj",
};

export interface BlockOptions {
  readonly names: BlockNames;
  readonly width: number;
  readonly heads: number;
  readonly activation: (x: tf.Tensor) => tf.Tensor;
  readonly epsilon: number;
  /** Of attention weights and of both branches' outputs. */
  readonly dropout: number;
  /** Standard deviation of the initial weights that write to the residual stream; others: 0.02. */
  readonly residualDeviation: number;
}

const DEVIATION = 0.02;

/** Initial weights N(0, deviation²), biases 0. */
export function initialNormal(
  deviation: number = DEVIATION,
): Required<Pick<LinearOptions, "initialWeight" | "initialBias">> {
  return {
    initialWeight: (random, size) => normal(random, size, deviation),
    initialBias: (_, size) => constant(size, 0),
  };
}

/**
 * `x ← x + attention(norm(x))`, then `x ← x + contract(activation(expand(norm(x))))`, with a hidden
 * width of four times the model's.
 */
export function transformerBlock(
  builder: ModelBuilder,
  path: string,
  options: BlockOptions,
): ApplyToSequences {
  const { names, width, epsilon } = options;
  const at = (name: string) => `${path}.${name}`;
  const inner = initialNormal();
  const residual = initialNormal(options.residualDeviation);
  const attentionNorm = layerNorm(builder, at(names.attentionNorm), { width, epsilon });
  const attention = selfAttention(builder, {
    width,
    heads: options.heads,
    names: { qkv: at(names.qkv), projection: at(names.projection) },
    initial: { qkv: inner, projection: residual },
    dropout: options.dropout,
  });
  const mlpNorm = layerNorm(builder, at(names.mlpNorm), { width, epsilon });
  const wide = { dIn: width, dOut: 4 * width, bias: true };
  const expand = linear(builder, at(names.expand), { ...wide, ...inner });
  const narrow = { dIn: 4 * width, dOut: width, bias: true };
  const contract = linear(builder, at(names.contract), { ...narrow, ...residual });
  return (x, sequences, pass) => {
    const attended = attention(attentionNorm(x, pass), sequences, pass);
    const middle = tf.add(x, dropout(attended, options.dropout, pass));
    const hidden = options.activation(expand(mlpNorm(middle, pass), pass));
    return tf.add(middle, dropout(contract(hidden, pass), options.dropout, pass));
  };
}
