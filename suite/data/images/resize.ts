/**
 * @file Bicubic resizing with PIL's arithmetic, bit for bit: what torchvision's `Resize` on PIL
 * images, and so timm's data pipeline, does. Separable, widened when shrinking (antialiasing),
 * 22-bit fixed-point weights, rounded to bytes after the horizontal and after the vertical pass.
 * Integers only, so the same on every machine.
 */
import { type Examples, type Preparation, sizeOf } from "../examples.ts";
import { type Statistics, standardisedBytes, writeStandardised } from "./normalise.ts";

const PRECISION_BITS = 22;
const HALF = 1 << (PRECISION_BITS - 1);
const SUPPORT = 2;

/** Weights of one pass: output i is the sum of weights[i·taps + k] · input[first[i] + k]. */
interface Pass {
  readonly first: Int32Array;
  readonly taps: number;
  readonly weights: Int32Array;
}

type Four = readonly [number, number, number, number];
type Size = readonly [height: number, width: number];

/** Images `[…from, channels]`, resized to `[…to, channels]` and standardised. */
export function resized(from: Size, to: Size, statistics: Statistics): Preparation {
  const table = standardisedBytes(statistics);
  const channels = statistics.mean.length;
  const resize = resizer(from, to, channels);
  const inputSize = from[0] * from[1] * channels;
  const outputSize = to[0] * to[1] * channels;
  const bytes = new Uint8Array(outputSize);
  return {
    shape: [...to, channels],
    fill(examples, row, target, offset) {
      resize(examples.inputs.subarray(row * inputSize, (row + 1) * inputSize), bytes);
      writeStandardised(bytes, [0, outputSize], table, target, offset);
    },
  };
}

/**
 * The same examples with every stored image `[height, width, channels]` resized to `[…to, channels]`:
 * for a task that reads small images, whose augmentation then works at the small size.
 */
export function resizedExamples(examples: Examples, to: Size): Examples {
  const [height, width, channels] = examples.shape as [number, number, number];
  const resize = resizer([height, width], to, channels);
  const shape = [...to, channels];
  const [sizeIn, sizeOut] = [sizeOf(examples.shape), sizeOf(shape)];
  const count = examples.inputs.length / sizeIn;
  const inputs = new Uint8Array(count * sizeOut);
  for (let row = 0; row < count; row++) {
    resize(
      examples.inputs.subarray(row * sizeIn, (row + 1) * sizeIn),
      inputs.subarray(row * sizeOut, (row + 1) * sizeOut),
    );
  }
  return { ...examples, inputs, shape };
}

/** A function that resizes interleaved bytes `[…from, channels]` into `[…to, channels]`. */
export function resizer(
  from: Size,
  to: Size,
  channels: number,
): (image: Uint8Array, target: Uint8Array) => void {
  const horizontal = passOf(from[1], to[1]);
  const vertical = passOf(from[0], to[0]);
  const [lineIn, lineOut] = [from[1] * channels, to[1] * channels];
  const between = new Uint8Array(from[0] * lineOut);
  const sums = new Int32Array(lineOut);
  return (image, target) => {
    for (let y = 0; y < from[0]; y++) {
      sums.fill(HALF);
      widenLine(image, y * lineIn, horizontal, { sums, channels });
      writeLine(sums, between, y * lineOut);
    }
    for (let y = 0; y < to[0]; y++) {
      sums.fill(HALF);
      addLines(between, y, vertical, sums);
      writeLine(sums, target, y * lineOut);
    }
  };
}

/** Adds to `sums` the weighted pixels of the line that begins at `start`. */
function widenLine(
  image: Uint8Array,
  start: number,
  { first, taps, weights }: Pass,
  { sums, channels }: { readonly sums: Int32Array; readonly channels: number },
): void {
  for (let x = 0; x < first.length; x++) {
    for (let k = 0; k < taps; k++) {
      const weight = weights[x * taps + k] as number;
      if (weight === 0) continue;
      const pixel = start + ((first[x] as number) + k) * channels;
      for (let channel = 0; channel < channels; channel++) {
        const i = x * channels + channel;
        sums[i] = (sums[i] as number) + Math.imul(image[pixel + channel] as number, weight);
      }
    }
  }
}

/** Adds to `sums` the weighted lines that make output line `y`, four at a time. */
function addLines(lines: Uint8Array, y: number, pass: Pass, sums: Int32Array): void {
  const { first, taps, weights } = pass;
  const length = sums.length;
  const last = lines.length - length;
  for (let k = 0; k < taps; k += 4) {
    const [w0, w1, w2, w3] = weights.subarray(y * taps + k, y * taps + k + 4) as unknown as Four;
    if (w0 === 0 && w1 === 0 && w2 === 0 && w3 === 0) continue;
    // Lines beyond the image have weight 0; the last one stands in for them.
    const start = ((first[y] as number) + k) * length;
    const a = Math.min(start, last);
    const b = Math.min(start + length, last);
    const c = Math.min(start + 2 * length, last);
    const d = Math.min(start + 3 * length, last);
    for (let i = 0; i < length; i++) {
      sums[i] =
        (sums[i] as number) +
        Math.imul(lines[a + i] as number, w0) +
        Math.imul(lines[b + i] as number, w1) +
        Math.imul(lines[c + i] as number, w2) +
        Math.imul(lines[d + i] as number, w3);
    }
  }
}

/** Fixed point to bytes, clipped. */
function writeLine(sums: Int32Array, target: Uint8Array, start: number): void {
  for (let i = 0; i < sums.length; i++) {
    const value = (sums[i] as number) >> PRECISION_BITS;
    target[start + i] = value < 0 ? 0 : value > 255 ? 255 : value;
  }
}

function passOf(inputs: number, outputs: number): Pass {
  const scale = inputs / outputs;
  const stretch = Math.max(1, scale);
  const reach = SUPPORT * stretch;
  // One more than ever needed, and a multiple of four.
  const taps = 4 * Math.ceil((Math.ceil(reach) * 2 + 1) / 4);
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
