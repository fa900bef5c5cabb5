/** @file The patches that a convolution multiplies with its kernel, as rows. */
import * as tf from "@tensorflow/tfjs-core";
import { crossed, readsOf } from "../engine/windows.ts";

export interface Window {
  /** Side of the square window. */
  readonly kernel: number;
  readonly stride: number;
  /** Zeros on every side. */
  readonly padding: number;
}

/**
 * im2col: `[n, h, w, c]` to `[n·h'·w', k·k·c]`, one row per output position, in the order
 * `[kh, kw, c]`; h' = ⌊(h + 2p − k)/s⌋ + 1.
 */
export function extractPatches(images: tf.Tensor4D, window: Window): tf.Tensor2D {
  const { kernel, stride, padding } = window;
  const [n, h, w, channels] = images.shape;
  const dIn = kernel * kernel * channels;
  if (kernel === stride && padding === 0) return extractTiles(images, kernel);
  const rowsOut = Math.floor((h + 2 * padding - kernel) / stride) + 1;
  const columnsOut = Math.floor((w + 2 * padding - kernel) / stride) + 1;
  const rows = tf.reshape<tf.Rank.R3>(images, [n, h * w, channels]);
  // The pixel behind the last is zero.
  const oneBehind: [number, number][] = [
    [0, 0],
    [0, 1],
    [0, 0],
  ];
  const pixels = padding > 0 ? tf.pad(rows, oneBehind) : rows;
  const axis = { window: kernel, stride, dilation: 1, padding };
  const down = readsOf({ ...axis, size: h, positions: rowsOut });
  const right = readsOf({ ...axis, size: w, positions: columnsOut });
  const taken = crossed(down, right, w, h * w);
  const patches = tf.gather(pixels, tf.tensor1d(taken, "int32"), 1);
  return tf.reshape(patches, [n * rowsOut * columnsOut, dIn]);
}

/** Patches that do not overlap: a transposition; what is left over at the far sides is cut off. */
function extractTiles(images: tf.Tensor4D, side: number): tf.Tensor2D {
  const [n, h, w, channels] = images.shape;
  const [rows, columns] = [Math.floor(h / side), Math.floor(w / side)];
  const whole =
    rows * side === h && columns * side === w
      ? images
      : tf.slice(images, [0, 0, 0, 0], [n, rows * side, columns * side, channels]);
  const separate = tf.reshape(whole, [n, rows, side, columns, side, channels]);
  return tf.reshape(tf.transpose(separate, [0, 1, 3, 2, 4, 5]), [
    n * rows * columns,
    side * side * channels,
  ]);
}
