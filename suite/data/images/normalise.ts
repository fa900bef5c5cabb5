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

/** Standardised values of the bytes 0 to 255, for each channel. */
export function standardisedBytes({ mean, deviation }: Statistics): readonly Float32Array[] {
  return mean.map((channelMean, channel) => {
    const m = Math.fround(channelMean);
    const s = Math.fround(deviation[channel] as number);
    return Float32Array.from(
      { length: 256 },
      (_, byte) =>
        // Float32Array rounds the quotient.
        Math.fround(Math.fround(byte / 255) - m) / s,
    );
  });
}

/** Writes `count` interleaved bytes of `pixels`, from `start` on, standardised. */
export function writeStandardised(
  pixels: Uint8Array,
  [start, count]: readonly [number, number],
  tables: readonly Float32Array[],
  target: Float32Array,
  offset: number,
): void {
  const channels = tables.length;
  for (let channel = 0; channel < channels; channel++) {
    const table = tables[channel] as Float32Array;
    for (let i = channel; i < count; i += channels) {
      target[offset + i] = table[pixels[start + i] as number] as number;
    }
  }
}

/** Images of `shape` ([height, width, channels]) as they are, standardised. */
export function standardised(shape: readonly number[], statistics: Statistics): Preparation {
  const tables = standardisedBytes(statistics);
  const size = sizeOf(shape);
  return {
    shape,
    fill: (examples, row, target, offset) =>
      writeStandardised(examples.inputs, [row * size, size], tables, target, offset),
  };
}
