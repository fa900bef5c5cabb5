import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, it } from "vitest";
import { useBackend } from "../engine/index.ts";
import { triu, upperProduct, upperTimesUpper } from "./index.ts";

beforeAll(() => useBackend({ threads: 1 }));

const random = (rows: number, columns: number, seed: number) =>
  tf.randomNormal<tf.Rank.R2>([rows, columns], 0, 1, "float32", seed);

/** Largest difference, relative to the largest entry. */
function distance(x: tf.Tensor, y: tf.Tensor): number {
  expect(x.shape).toEqual(y.shape);
  return tf.div(tf.max(tf.abs(tf.sub(x, y))), tf.max(tf.abs(y))).dataSync()[0] as number;
}

it.each([
  { n: 5, m: 3 },
  { n: 1037, m: 20 },
])("products with an upper triangle of $n are the plain products", ({ n, m }) => {
  tf.tidy(() => {
    const u = triu(random(n, n, 1));
    for (const transpose of [false, true]) {
      const left = random(n, m, 2);
      const right = random(m, n, 3);
      expect(
        distance(upperProduct(u, left, { transpose }), tf.matMul(u, left, transpose, false)),
      ).toBeLessThan(1e-6);
      expect(
        distance(
          upperProduct(u, right, { transpose, side: "right" }),
          tf.matMul(right, u, false, transpose),
        ),
      ).toBeLessThan(1e-6);
    }
  });
});

it.each([4, 600])("products of two upper triangles of %i are the plain products", (n) => {
  tf.tidy(() => {
    const [u, v] = [triu(random(n, n, 1)), triu(random(n, n, 2))];
    expect(distance(upperTimesUpper(u, v), tf.matMul(u, v))).toBeLessThan(1e-6);
  });
});

it("what does not fit is named", () => {
  const u = tf.eye(3);
  expect(() => upperProduct(u, tf.zeros([2, 3]))).toThrow(/upperProduct: x/);
  expect(() => upperProduct(u, tf.zeros([3, 2]), { side: "right" })).toThrow(/upperProduct: x/);
  expect(() => upperTimesUpper(u, tf.eye(4))).toThrow(/upperTimesUpper: v/);
});
