/** @file The GPT-2 language model, as minGPT (untied head) and as OpenAI released it (tied head). */
import type * as tf from "@tensorflow/tfjs-core";
import { geluTanh } from "./activation.ts";
import { causalMask } from "./attention.ts";
import { dropout } from "./dropout.ts";
import { tiedHead, tokenEmbedding } from "./embedding.ts";
import { layerNorm } from "./layer-norm.ts";
import { linear } from "./linear.ts";
import type { Model, ModelBuilder } from "./model.ts";
import { GPT2_BLOCK, initialNormal, transformerBlock } from "./transformer.ts";

export interface GptSize {
  readonly layers: number;
  readonly heads: number;
  readonly width: number;
  readonly vocabulary: number;
  /** The longest sequence. */
  readonly block: number;
  /** Of embeddings, attention weights and branches. */
  readonly dropout: number;
  /** The head uses the token embedding's weight instead of one of its own. */
  readonly tiedHead: boolean;
}

const EPSILON = 1e-5;
const DEVIATION = 0.02;

/**
 * Token ids int32 `[n, tokens]` to logits `[n·tokens, vocabulary]` for the next token. Weights start
 * at N(0, 0.02²), those that write to the residual stream smaller by √(2·layers); biases at 0.
 * Parameters are named as in the public GPT-2 checkpoint.
 */
export function buildGpt(builder: ModelBuilder, size: GptSize): Model {
  const { layers, heads, width, vocabulary, block } = size;
  const embedding = tokenEmbedding(builder, {
    vocabulary,
    block,
    width,
    initialDeviation: DEVIATION,
    tied: size.tiedHead,
  });
  const blocks = Array.from({ length: layers }, (_, index) =>
    transformerBlock(builder, `h.${index}`, {
      names: GPT2_BLOCK,
      width,
      heads,
      activation: geluTanh,
      epsilon: EPSILON,
      dropout: size.dropout,
      residualDeviation: DEVIATION / Math.sqrt(2 * layers),
    }),
  );
  const finalNorm = layerNorm(builder, "ln_f", { width, epsilon: EPSILON });
  const head = size.tiedHead
    ? tiedHead(builder, "lm_head", embedding.table)
    : linear(builder, "lm_head", {
        dIn: width,
        dOut: vocabulary,
        bias: false,
        place: "head",
        ...initialNormal(),
      });
  return builder.build((ids, pass) => {
    const [count, tokens] = ids.shape as [number, number];
    const sequences = { count, tokens, mask: causalMask(tokens) };
    let x: tf.Tensor = dropout(embedding.apply(ids, pass), size.dropout, pass);
    for (const apply of blocks) x = apply(x, sequences, pass);
    return head(finalNorm(x, pass), pass) as tf.Tensor2D;
  });
}

/** Parameters of a model of this size. */
export function gptParameterCount(size: GptSize): number {
  const { layers, width, vocabulary, block } = size;
  const perBlock = 12 * width * width + 13 * width;
  const tables = (vocabulary + block) * width;
  return tables + layers * perBlock + 2 * width + (size.tiedHead ? 0 : vocabulary * width);
}
