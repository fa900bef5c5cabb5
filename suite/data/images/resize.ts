/**
 * @file Bicubic resizing with PIL's arithmetic, bit for bit: what torchvision's `Resize` on PIL
 * images, and so timm's data pipeline, does. Separable, widened when shrinking (antialiasing),
 * 22-bit fixed-point weights, rounded to bytes after the horizontal and after the vertical pass.
 * Integers only, so the same on every machine.
 */
import type { Preparation } from "../examples.ts";
import { type Statistics, standardisedBytes, writeStandardised } from "./normalise.ts";

const PRECISION_BITS = 22;
const SUPPORT = 2;

/** Weights of one pass: output i is the sum of weights[i·taps + k] · input[first[i] + k]. */
interface Pass {
  readonly first: Int32Array;
  readonly taps: number;
  readonly weights: Int32Array;
}

type Size = readonly [height: number, width: number];

/** Images `[…from, channels]`, resized to `[…to, channels]` and standardised. */
export function resized(from: Size, to: Size, statistics: Statistics): Preparation {
  const tables = standardisedBytes(statistics);
  const channels = tables.length;
  const resize = resizer(from, to, channels);
  const inputSize = from[0] * from[1] * channels;
  const outputSize = to[0] * to[1] * channels;
  const bytes = new Uint8Array(outputSize);
  return {
    shape: [...to, channels],
    fill(examples, row, target, offset) {
      resize(examples.inputs.subarray(row * inputSize, (row + 1) * inputSize), bytes);
      writeStandardised(bytes, [0, outputSize], tables, target, offset);
    },
  };
}

/** A function that resizes interleaved bytes `[…from, channels]` into `[…to, channels]`. */
export function resizer(
  from: Size,
  to: Size,
  channels: number,
): (image: Uint8Array, target: Uint8Array) => void {
  const horizontal = passOf(from[1], to[1]);
  const vertical = passOf(from[0], to[0]);
  const between = new Uint8Array(from[0] * to[1] * channels);
  const lineLength = to[1] * channels;
  return (image, target) => {
    for (let y = 0; y < from[0]; y++) {
      const input = y * from[1] * channels;
      for (let x = 0; x < to[1]; x++) {
        const start = input + (horizontal.first[x] as number) * channels;
        for (let channel = 0; channel < channels; channel++) {
          between[y * lineLength + x * channels + channel] = weighted(
            image,
            [start + channel, channels],
            horizontal,
            x,
          );
        }
      }
    }
    for (let y = 0; y < to[0]; y++) {
      const start = (vertical.first[y] as number) * lineLength;
      for (let i = 0; i < lineLength; i++) {
        target[y * lineLength + i] = weighted(between, [start + i, lineLength], vertical, y);
      }
    }
  };
}

function weighted(
  bytes: Uint8Array,
  [start, stride]: readonly [number, number],
  { taps, weights }: Pass,
  output: number,
): number {
  let sum = 1 << (PRECISION_BITS - 1);
  for (let k = 0; k < taps; k++) {
    const weight = weights[output * taps + k] as number;
    if (weight !== 0) sum += Math.imul(bytes[start + k * stride] as number, weight);
  }
  const value = sum >> PRECISION_BITS;
  return value < 0 ? 0 : value > 255 ? 255 : value;
}

function passOf(inputs: number, outputs: number): Pass {
  const scale = inputs / outputs;
  const stretch = Math.max(1, scale);
  const reach = SUPPORT * stretch;
  const taps = Math.ceil(reach) * 2 + 1;
  const first = new Int32Array(outputs);
  const weights = new Int32Array(outputs * taps);
  for (let i = 0; i < outputs; i++) {
    const centre = (i + 0.5) * scale;
    const begin = Math.max(0, Math.trunc(centre - reach + 0.5));
    const end = Math.min(inputs, Math.trunc(centre + reach + 0.5));
    const real: number[] = [];
    for (let x = begin; x < end; x++) real.push(cubic((x - centre + 0.5) / stretch));
    const total = real.reduce((sum, weight) => sum + weight, 0);
    first[i] = begin;
    real.forEach((weight, k) => {
      weights[i * taps + k] = roundAway((weight / total) * 2 ** PRECISION_BITS);
    });
  }
  return { first, taps, weights };
}

/** Keys's cubic kernel with a = −½. */
function cubic(x: number): number {
  const distance = Math.abs(x);
  if (distance < 1) return (1.5 * distance - 2.5) * distance * distance + 1;
  if (distance < 2) return ((-0.5 * distance + 2.5) * distance - 4) * distance + 2;
  return 0;
}

function roundAway(value: number): number {
  return value < 0 ? Math.trunc(value - 0.5) : Math.trunc(value + 0.5);
}
