/** @file The patches that a convolution multiplies with its kernel, as rows. */
import * as tf from "@tensorflow/tfjs-core";

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
  const taken = new Int32Array(rowsOut * columnsOut * kernel * kernel);
  let at = 0;
  for (let row = 0; row < rowsOut; row++) {
    for (let column = 0; column < columnsOut; column++) {
      for (let i = 0; i < kernel; i++) {
        for (let j = 0; j < kernel; j++) {
          const [y, x] = [row * stride + i - padding, column * stride + j - padding];
          const inside = y >= 0 && y < h && x >= 0 && x < w;
          taken[at++] = inside ? y * w + x : h * w;
        }
      }
    }
  }
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
