/** @file Looking at some columns of a matrix, scaled so that products keep their size. */
import * as tf from "@tensorflow/tfjs-core";
import type { RandomSource } from "../nn/random.ts";

/** Which columns are looked at. */
export interface Columns {
  /** int32; all of the first `visible` where absent. */
  readonly indices?: tf.Tensor1D | undefined;
  readonly visible: number;
}

/** `size` of the first `visible` columns, without repetition, in order; all of them for size 0. */
export function drawColumns(random: RandomSource, visible: number, size: number): Columns {
  if (size === 0 || visible <= size) return { visible };
  const keys = random.uniform(visible);
  const order = Array.from(keys, (_, i) => i).sort(
    (i, j) => (keys[i] as number) - (keys[j] as number) || i - j,
  );
  const chosen = order.slice(0, size).sort((i, j) => i - j);
  return { visible, indices: tf.tensor1d(chosen, "int32") };
}

/** The columns looked at, times visible/size. */
export function seenColumns(x: tf.Tensor2D, { indices, visible }: Columns): tf.Tensor2D {
  if (indices) return tf.mul(tf.gather(x, indices, 1), visible / indices.size);
  return visible < x.shape[1] ? tf.slice2d(x, [0, 0], [x.shape[0], visible]) : x;
}

/** The same for rows. */
export function seenRows(x: tf.Tensor2D, { indices, visible }: Columns): tf.Tensor2D {
  if (indices) return tf.mul(tf.gather(x, indices, 0), visible / indices.size);
  return visible < x.shape[0] ? tf.slice2d(x, [0, 0], [visible, x.shape[1]]) : x;
}
