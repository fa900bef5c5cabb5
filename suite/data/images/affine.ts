/**
 * @file Random rotation and scaling of digits: torchvision's `RandomAffine(degrees, scale)` on PIL
 * images (nearest pixel, black outside), with PIL's 16.16 fixed-point arithmetic. The script of the
 * ASDL library that the paper builds on trains MNIST with degrees ±15 and scales 0.8 to 1.2.
 */
import type { Augmentation } from "../examples.ts";
import { type Statistics, standardisedBytes } from "./normalise.ts";

export interface RandomAffine {
  /** Rotations are uniform in ± this many degrees; at most 45. */
  readonly degrees: number;
  readonly scale: readonly [number, number];
}

/** Single-channel images `[height, width, 1]`. Draws per image, in this order: angle, scale. */
export function randomAffine(
  [height, width]: readonly [number, number],
  statistics: Statistics,
  { degrees, scale: [least, most] }: RandomAffine,
): Augmentation {
  const table = standardisedBytes(statistics);
  const warped = new Uint8Array(height * width);
  return {
    shape: [height, width, 1],
    fill({ inputs }, row, target, offset, random) {
      const angle = (2 * random.float() - 1) * degrees;
      const scale = least + random.float() * (most - least);
      const start = row * height * width;
      warp(
        inputs.subarray(start, start + height * width),
        [height, width],
        { angle, scale },
        warped,
      );
      for (let i = 0; i < warped.length; i++)
        target[offset + i] = table[warped[i] as number] as number;
    },
  };
}

/** Rotates by `angle` degrees about the centre and scales; writes into `target`. */
export function warp(
  image: Uint8Array,
  [height, width]: readonly [number, number],
  { angle, scale }: { readonly angle: number; readonly scale: number },
  target: Uint8Array,
): void {
  const radians = (angle * Math.PI) / 180;
  const c = cosine(radians) / scale;
  const s = sine(radians) / scale;
  // Where the first output pixel's centre comes from; then one step right (c, -s), down (s, c).
  const originX = width / 2 - (c * width) / 2 - (s * height) / 2 + c * 0.5 + s * 0.5;
  const originY = height / 2 + (s * width) / 2 - (c * height) / 2 - s * 0.5 + c * 0.5;
  const [stepC, stepS] = [fixed(c), fixed(s)];
  const stepMinusS = fixed(-s);
  let lineX = fixed(originX);
  let lineY = fixed(originY);
  for (let y = 0; y < height; y++, lineX += stepS, lineY += stepC) {
    let fromX = lineX;
    let fromY = lineY;
    for (let x = 0; x < width; x++, fromX += stepC, fromY += stepMinusS) {
      const column = fromX >> 16;
      const line = fromY >> 16;
      const inside = column >= 0 && column < width && line >= 0 && line < height;
      target[y * width + x] = inside ? (image[line * width + column] as number) : 0;
    }
  }
}

function fixed(value: number): number {
  return Math.floor(value * 65536 + 0.5);
}

/** Taylor series, exact to rounding for |x| ≤ π/4; `Math.sin` differs between machines. */
function sine(x: number): number {
  const square = x * x;
  let sum = 1;
  for (let n = 17; n >= 3; n -= 2) sum = 1 - (square * sum) / (n * (n - 1));
  return x * sum;
}

function cosine(x: number): number {
  const square = x * x;
  let sum = 1;
  for (let n = 18; n >= 2; n -= 2) sum = 1 - (square * sum) / (n * (n - 1));
  return sum;
}
