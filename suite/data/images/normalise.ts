/**
 * @file Bytes to standardised floats, with torchvision's arithmetic: `ToTensor` divides by 255 and
 * `Normalize` subtracts the mean and divides by the standard deviation, each step in float32.
 * A byte has 256 values, so this is one look-up per pixel.
 */
import type { Preparation } from "../examples.ts";
import { sizeOf } from "../examples.ts";

/** Mean and standard deviation of each channel, of pixels in [0, 1]. */
export interface Statistics {
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
}

/** MNIST: what the ASDL library's script, which the paper builds on, and PyTorch's examples use. */
export const MNIST_STATISTICS: Statistics = { mean: [0.1307], deviation: [0.3081] };

/** CIFAR-10: as the repository uoguelph-mlrg/Cutout has them, which the paper names. */
export const CIFAR10_STATISTICS: Statistics = {
  mean: [125.3 / 255, 123.0 / 255, 113.9 / 255],
  deviation: [63.0 / 255, 62.1 / 255, 66.7 / 255],
};

/** `[channels, 256]`: the standardised values of the bytes 0 to 255, for each channel. */
export function standardisedBytes({ mean, deviation }: Statistics): Float32Array {
  const table = new Float32Array(mean.length * 256);
  mean.forEach((channelMean, channel) => {
    const m = Math.fround(channelMean);
    const s = Math.fround(deviation[channel] as number);
    for (let byte = 0; byte < 256; byte++) {
      // Storing the quotient rounds it to float32.
      table[channel * 256 + byte] = Math.fround(Math.fround(byte / 255) - m) / s;
    }
  });
  return table;
}

/** Writes `count` interleaved bytes of `pixels`, from `start` on, standardised by `table`. */
export function writeStandardised(
  pixels: Uint8Array,
  [start, count]: readonly [number, number],
  table: Float32Array,
  target: Float32Array,
  offset: number,
): void {
  const { length } = table;
  let column = 0;
  for (let i = 0; i < count; i++) {
    target[offset + i] = table[column + (pixels[start + i] as number)] as number;
    column += 256;
    if (column === length) column = 0;
  }
}

/** Images of `shape` ([height, width, channels]) as they are, standardised. */
export function standardised(shape: readonly number[], statistics: Statistics): Preparation {
  const table = standardisedBytes(statistics);
  const size = sizeOf(shape);
  return {
    shape,
    fill: (examples, row, target, offset) =>
      writeStandardised(examples.inputs, [row * size, size], table, target, offset),
  };
}
