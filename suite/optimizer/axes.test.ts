import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { useBackend } from "../engine/index.ts";
import { axisGram, blockShapes, fromBlocks, timesAlongAxis, toBlocks } from "./axes.ts";

beforeAll(() => useBackend({ backend: "reference" }));

const SHAPE = [2, 3, 2, 4];
const entries = Array.from({ length: 48 }, (_, i) => ((7 * i) % 13) - 6);
const index = (at: readonly number[]) =>
  at.reduce((sum, i, axis) => sum * (SHAPE[axis] as number) + i, 0);
const positions = entries.map((_, flat) => {
  const at: number[] = [];
  for (let axis = 3, rest = flat; axis >= 0; axis--) {
    at.unshift(rest % (SHAPE[axis] as number));
    rest = Math.floor(rest / (SHAPE[axis] as number));
  }
  return at;
});

describe.each([0, 1, 2, 3])("along axis %i", (axis) => {
  const d = SHAPE[axis] as number;
  const moved = (at: readonly number[], to: number) => at.map((i, k) => (k === axis ? to : i));

  it("axisGram sums over all other axes", () => {
    const gram = Array.from({ length: d }, () => new Array<number>(d).fill(0));
    for (const at of positions) {
      const row = gram[at[axis] as number] as number[];
      for (let j = 0; j < d; j++) {
        row[j] =
          (row[j] as number) +
          (entries[index(at)] as number) * (entries[index(moved(at, j))] as number);
      }
    }
    expect(tf.tidy(() => axisGram(tf.tensor(entries, SHAPE), axis).arraySync())).toEqual(gram);
  });

  it("timesAlongAxis multiplies every fibre", () => {
    const x = Array.from({ length: d }, (_, i) =>
      Array.from({ length: d }, (_, j) => i + j + (i === j ? 1 : 0)),
    );
    const expected = positions.map((at) =>
      (x[at[axis] as number] as number[]).reduce(
        (sum, value, j) => sum + value * (entries[index(moved(at, j))] as number),
        0,
      ),
    );
    const product = tf.tidy(() => {
      const result = timesAlongAxis(tf.tensor(entries, SHAPE), tf.tensor2d(x), axis);
      expect(result.shape).toEqual(SHAPE);
      return [...result.dataSync()] as unknown as tf.TensorContainer;
    });
    expect(product).toEqual(expected);
  });
});

describe("blocks", () => {
  it.each([0, 1, 2, 3, 100])("of at most %i come apart and together again", (blockSize) => {
    tf.tidy(() => {
      const g = tf.tensor(entries, SHAPE);
      const blocks = toBlocks(g, blockSize);
      expect(blocks.map(({ shape }) => shape)).toEqual(blockShapes(SHAPE, blockSize));
      for (const { shape } of blocks) {
        if (blockSize > 0) expect(Math.max(...shape)).toBeLessThanOrEqual(Math.max(blockSize, 1));
      }
      expect([...fromBlocks(blocks, SHAPE, blockSize).dataSync()]).toEqual(entries);
    });
  });
});
