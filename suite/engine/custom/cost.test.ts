import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, test } from "vitest";
import * as linalg from "../../linalg/index.ts";
import { readCost, startCost, stopCost, useBackend } from "../index.ts";

beforeAll(async () => {
  await useBackend({ backend: "reference" });
});

function flops(work: () => unknown): number {
  startCost();
  tf.tidy(() => {
    work();
  });
  const counted = readCost().flops;
  stopCost();
  return counted;
}

test("custom kernels are booked by their formulas", () => {
  const d = 12;
  const matrix = tf.eye(d);
  const largest = tf.scalar(1);
  expect(flops(() => linalg.spdInverse(matrix, { damping: 1 }))).toBe(d ** 3);
  const rhs = tf.ones<tf.Rank.R2>([d, 5]);
  expect(flops(() => linalg.spdSolve(matrix, rhs, { damping: 1 }))).toBe(d ** 3 / 3 + 10 * d * d);
  expect(flops(() => linalg.cholesky(matrix))).toBe(d ** 3 / 3);
  expect(flops(() => linalg.triangularSolve(matrix, rhs))).toBe(d * d * 5);
  expect(flops(() => linalg.qr(matrix))).toBe(4 * d ** 3);
  expect(flops(() => linalg.largestEigenvalue(matrix, { iterations: 10 }))).toBe(20 * d * d);
  expect(flops(() => linalg.symmetricEigen(matrix))).toBeCloseTo((14 / 3) * d ** 3, 6);
  // Seven inverses at this ridge; see rational.test.ts.
  const root = { ridge: 1e-3, largest };
  expect(flops(() => linalg.inverseRoot(matrix, 4, root))).toBe(7 * d ** 3);
  const rows = tf.ones<tf.Rank.R2>([5, d]);
  expect(flops(() => linalg.inverseRootProduct(rows, matrix, 4, root))).toBe(
    7 * (d ** 3 / 3 + 10 * d * d),
  );
});
