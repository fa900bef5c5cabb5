/** @file A convolution whose patches do not overlap, as one matrix product; with bias. */
import * as tf from "@tensorflow/tfjs-core";
import { uniformByFanIn } from "./initialise.ts";
import type { Apply } from "./linear.ts";
import type { ModelBuilder } from "./model.ts";
import { extractPatches } from "./patches.ts";

export interface PatchEmbeddingOptions {
  readonly channels: number;
  /** Side of a patch in pixels; divides the image's. */
  readonly patch: number;
  /** Width of the embedding. */
  readonly width: number;
}

/**
 * Maps images `[n, h, w, channels]` to `[n·patches, width]`, patches row by row. The weight is a
 * convolution's, `[patch, patch, channels, width]`; cutting the image and multiplying is its fastest
 * form, and no gradient reaches the image.
 */
export function patchEmbedding(
  builder: ModelBuilder,
  name: string,
  { channels, patch, width }: PatchEmbeddingOptions,
): Apply {
  const dIn = patch * patch * channels;
  const weight = builder.parameter(
    `${name}.weight`,
    "weight",
    [patch, patch, channels, width],
    uniformByFanIn(builder.random, dIn * width, dIn),
  );
  const bias = builder.parameter(
    `${name}.bias`,
    "bias",
    [width],
    uniformByFanIn(builder.random, width, dIn),
  );
  const layer = builder.layer({
    name,
    kind: "convolution",
    weight,
    bias,
    dIn,
    dOut: width,
    place: "first",
    tied: false,
  });
  return (x, pass) => {
    const images = x as tf.Tensor4D;
    const rows = extractPatches(images, { kernel: patch, stride: patch, padding: 0 });
    const matrix = tf.reshape<tf.Rank.R2>(weight.variable, [dIn, width]);
    const preactivation = tf.add(tf.matMul(rows, matrix), bias.variable);
    pass.observe?.(layer, rows, preactivation, (input) => input);
    return preactivation;
  };
}
