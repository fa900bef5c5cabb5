/**
 * @file The vision transformer (Dosovitskiy et al. 2021) as timm builds `vit_tiny_patch16_224`, with
 * timm's names and initial distributions.
 */
import * as tf from "@tensorflow/tfjs-core";
import { gelu } from "../../suite/nn/activation.ts";
import { normal } from "../../suite/nn/initialise.ts";
import { layerNorm } from "../../suite/nn/layer-norm.ts";
import { linear } from "../../suite/nn/linear.ts";
import type { Model, ModelBuilder } from "../../suite/nn/model.ts";
import type { Parameter } from "../../suite/nn/parameter.ts";
import { patchEmbedding } from "../../suite/nn/patch-embedding.ts";
import type { RandomSource } from "../../suite/nn/random.ts";
import { initialNormal, TIMM_BLOCK, transformerBlock } from "../../suite/nn/transformer.ts";
import type { Tier } from "../../suite/results/schema.ts";

export interface VitSize {
  /** Side of the square image, and of a patch, in pixels. */
  readonly image: number;
  readonly patch: number;
  readonly width: number;
  readonly layers: number;
  readonly heads: number;
  readonly classes: number;
}

/**
 * `paper`: timm's `vit_tiny_patch16_224` with ten classes, 5,526,346 parameters. `mini` and `smoke`
 * read CIFAR's own 32×32 pixels in patches of 4.
 */
export const VIT_SIZES: Readonly<Record<Tier, VitSize>> = {
  paper: { image: 224, patch: 16, width: 192, layers: 12, heads: 3, classes: 10 },
  mini: { image: 32, patch: 4, width: 64, layers: 4, heads: 4, classes: 10 },
  smoke: { image: 32, patch: 4, width: 32, layers: 2, heads: 2, classes: 10 },
};

/** The head of a checkpoint for other classes is left out: pass it to `loadWeights` as `except`. */
export const VIT_HEAD = ["head.weight", "head.bias"] as const;

/**
 * Draws the head once more. A model's first draw is, for the seed of its pretraining, the head that
 * pretraining began with, and its features still fit that one: 62 % before a step of fine-tuning.
 *
 * @param random the builder's, after the model was built
 */
export function renewHead({ parameters }: Model, random: RandomSource): void {
  const head = parameters.find(({ name }) => name === "head.weight") as Parameter;
  const { shape, size } = head.variable;
  tf.tidy(() => head.variable.assign(tf.tensor(normal(random, size, DEVIATION), shape)));
}

const EPSILON = 1e-6;
const DEVIATION = 0.02;
const CLASS_TOKEN_DEVIATION = 1e-6;

/** Images `[n, image, image, 3]` to logits `[n, classes]`, read off a class token. */
export function buildVit(builder: ModelBuilder, size: VitSize): Model {
  const { image, patch, width, layers, heads, classes } = size;
  if (image % patch !== 0) {
    throw new Error(
      `Patches of ${patch} pixels do not tile an image of ${image}: choose a divisor.`,
    );
  }
  const tokens = (image / patch) ** 2 + 1;
  const { random } = builder;
  const classToken = builder.parameter(
    "cls_token",
    "embedding",
    [1, 1, width],
    normal(random, width, CLASS_TOKEN_DEVIATION),
  );
  const positions = builder.parameter(
    "pos_embed",
    "embedding",
    [1, tokens, width],
    normal(random, tokens * width, DEVIATION),
  );
  const embed = patchEmbedding(builder, "patch_embed.proj", { channels: 3, patch, width });
  const blocks = Array.from({ length: layers }, (_, index) =>
    transformerBlock(builder, `blocks.${index}`, {
      names: TIMM_BLOCK,
      width,
      heads,
      activation: gelu,
      epsilon: EPSILON,
      dropout: 0,
      residualDeviation: DEVIATION,
    }),
  );
  const norm = layerNorm(builder, "norm", { width, epsilon: EPSILON });
  const head = linear(builder, "head", {
    dIn: width,
    dOut: classes,
    bias: true,
    place: "head",
    ...initialNormal(),
  });
  return builder.build((images, pass) => {
    const count = images.shape[0] as number;
    const patches = tf.reshape(embed(images, pass), [count, tokens - 1, width]);
    const first = tf.tile(classToken.variable, [count, 1, 1]);
    const sequence = tf.add(tf.concat([first, patches], 1), positions.variable);
    let x: tf.Tensor = tf.reshape(sequence, [count * tokens, width]);
    for (const block of blocks) x = block(x, { count, tokens }, pass);
    // Normalisation is by token: only the class token's is needed.
    const classRows = tf.slice(tf.reshape(x, [count, tokens * width]), [0, 0], [count, width]);
    return head(norm(classRows, pass), pass) as tf.Tensor2D;
  });
}
