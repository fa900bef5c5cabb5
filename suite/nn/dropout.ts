/** @file Dropout, with masks drawn from the trial's own stream. */
import * as tf from "@tensorflow/tfjs-core";
import type { ForwardPass } from "./model.ts";

/**
 * In training each element is 0 with probability `rate` and is divided by `1 − rate` otherwise. The
 * mask is drawn in JavaScript, one uniform per element, so that every backend drops the same ones.
 *
 * @throws if the pass trains without a dropout stream
 */
export function dropout<T extends tf.Tensor>(x: T, rate: number, pass: ForwardPass): T {
  if (!pass.training || rate === 0) return x;
  if (!pass.dropout) {
    throw new Error(
      `The model drops activations at rate ${rate}, but this training pass has no stream to draw ` +
        "masks from. Give `dropout` to the pass, or build the model with rate 0.",
    );
  }
  const mask = pass.dropout.uniform(x.size);
  const kept = 1 / (1 - rate);
  for (let i = 0; i < mask.length; i++) mask[i] = (mask[i] as number) < rate ? 0 : kept;
  return tf.mul(x, tf.tensor(mask, x.shape));
}
