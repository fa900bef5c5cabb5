/**
 * @file CIFAR's training augmentation, as in the repository uoguelph-mlrg/Cutout that the paper
 * names: a random crop from the image padded by 4 black pixels, a horizontal flip at even odds,
 * standardisation, then one square of 16×16 set to 0 (DeVries and Taylor 2017), whose centre is
 * uniform over the image, so that it may stick out.
 */
import type { Augmentation } from "../examples.ts";
import { type Statistics, standardisedBytes } from "./normalise.ts";

export interface CropFlipCutout {
  /** Pixels of black on each side before the crop. */
  readonly padding: number;
  /** Side of the square that is cut out, in pixels, even; 0 cuts nothing. */
  readonly cutout: number;
}

/** Draws per image, in this order: crop y, crop x, flip, and if something is cut, centre y, x. */
export function cropFlipCutout(
  [height, width, channels]: readonly [number, number, number],
  statistics: Statistics,
  { padding, cutout }: CropFlipCutout,
): Augmentation {
  const table = standardisedBytes(statistics);
  const half = cutout / 2;
  return {
    shape: [height, width, channels],
    fill({ inputs }, row, target, offset, random) {
      const shiftY = random.integer(2 * padding + 1) - padding;
      const shiftX = random.integer(2 * padding + 1) - padding;
      const flip = random.integer(2) === 1;
      const start = row * height * width * channels;
      for (let y = 0; y < height; y++) {
        const fromY = y + shiftY;
        const inside = fromY >= 0 && fromY < height;
        const line = start + fromY * width * channels;
        let to = offset + y * width * channels;
        for (let x = 0; x < width; x++) {
          const fromX = (flip ? width - 1 - x : x) + shiftX;
          const black = !inside || fromX < 0 || fromX >= width;
          const pixel = line + fromX * channels;
          for (let channel = 0; channel < channels; channel++) {
            const byte = black ? 0 : (inputs[pixel + channel] as number);
            target[to++] = table[channel * 256 + byte] as number;
          }
        }
      }
      if (cutout === 0) return;
      const y = random.integer(height);
      const x = random.integer(width);
      const left = Math.max(0, x - half);
      const right = Math.min(width, x + half);
      for (let line = Math.max(0, y - half); line < Math.min(height, y + half); line++) {
        const begin = offset + line * width * channels;
        target.fill(0, begin + left * channels, begin + right * channels);
      }
    },
  };
}
