/** @file Digits at half their resolution: the mean of each 2×2 block, standardised. */
import type { Examples, Preparation } from "../examples.ts";
import type { Statistics } from "./normalise.ts";

type Pixels = Examples["inputs"];

/**
 * Single-channel images `[height, width, 1]` (even sizes) to `[height/2, width/2, 1]`, all of a
 * dataset's when the first is asked for: a trial sees each of them many times.
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
  const size = rows * columns;
  const known = new WeakMap<Pixels, Float32Array>();

  function table(inputs: Pixels): Float32Array {
    const values = known.get(inputs) ?? pooled(inputs);
    known.set(inputs, values);
    return values;
  }

  function pooled(inputs: Pixels): Float32Array {
    const values = new Float32Array((inputs.length / (height * width)) * size);
    for (let i = 0; i < values.length; i++) {
      // Rows of blocks follow each other without a gap from one image to the next.
      const upper = 2 * Math.floor(i / columns) * width + 2 * (i % columns);
      const lower = upper + width;
      const sum =
        (inputs[upper] as number) +
        (inputs[upper + 1] as number) +
        (inputs[lower] as number) +
        (inputs[lower + 1] as number);
      values[i] = bySum[sum] as number;
    }
    return values;
  }
  return {
    shape: [rows, columns, 1],
    table,
    fill({ inputs }, row, target, offset) {
      target.set(table(inputs).subarray(row * size, (row + 1) * size), offset);
    },
  };
}
