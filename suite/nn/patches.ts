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
  const sides: [number, number] = [padding, padding];
  const padded = padding > 0 ? tf.pad(images, [[0, 0], sides, sides, [0, 0]]) : images;
  const rowsOut = Math.floor((h + 2 * padding - kernel) / stride) + 1;
  const columnsOut = Math.floor((w + 2 * padding - kernel) / stride) + 1;
  const shifted: tf.Tensor4D[] = [];
  for (let row = 0; row < kernel; row++) {
    for (let column = 0; column < kernel; column++) {
      shifted.push(
        tf.stridedSlice(
          padded,
          [0, row, column, 0],
          [n, row + (rowsOut - 1) * stride + 1, column + (columnsOut - 1) * stride + 1, channels],
          [1, stride, stride, 1],
        ) as tf.Tensor4D,
      );
    }
  }
  return tf.reshape(tf.concat(shifted, 3), [n * rowsOut * columnsOut, dIn]);
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
