/** @file Digits at half their resolution: the mean of each 2×2 block, standardised. */
import type { Preparation } from "../examples.ts";
import type { Statistics } from "./normalise.ts";

/**
 * Single-channel images `[height, width, 1]` (even sizes) to `[height/2, width/2, 1]`.
 * The statistics are those of the full image: the mean is the same, the deviation a little less.
 */
export function meanPooled(
  [height, width]: readonly [number, number],
  statistics: Statistics,
): Preparation {
  const [mean, deviation] = [statistics.mean[0] as number, statistics.deviation[0] as number];
  const rows = height / 2;
  const columns = width / 2;
  const bySum = Float32Array.from(
    { length: 4 * 255 + 1 },
    (_, sum) => (sum / 1020 - mean) / deviation,
  );
  return {
    shape: [rows, columns, 1],
    fill({ inputs }, row, target, offset) {
      const start = row * height * width;
      for (let y = 0; y < rows; y++) {
        for (let x = 0; x < columns; x++) {
          const upper = start + 2 * y * width + 2 * x;
          const lower = upper + width;
          const sum =
            (inputs[upper] as number) +
            (inputs[upper + 1] as number) +
            (inputs[lower] as number) +
            (inputs[lower + 1] as number);
          target[offset + y * columns + x] = bySum[sum] as number;
        }
      }
    },
  };
}
