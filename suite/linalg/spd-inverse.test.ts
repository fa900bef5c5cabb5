import * as tf from "@tensorflow/tfjs";
import { expect, test } from "vitest";
import { spdInverse } from "./index.ts";

test("a closed form", () => {
  const { inverse, retries } = spdInverse(
    tf.tensor2d([
      [2, 1],
      [1, 3],
    ]),
    { damping: 1 },
  );
  expect(retries.dataSync()[0]).toBe(0);
  [4 / 11, -1 / 11, -1 / 11, 3 / 11].forEach((value, i) => {
    expect(inverse.dataSync()[i]).toBeCloseTo(value, 7);
  });
});
