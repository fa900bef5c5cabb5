/** The graphs of the custom kernels on a WebGPU adapter; SwiftShader does. */
import { existsSync } from "node:fs";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import * as linalg from "../../linalg/index.ts";
import { geometric, powerOf, read, relativeError, withSpectrum } from "../../linalg/testing.ts";
import { useBackend } from "../index.ts";

const SWIFTSHADER = "/usr/lib/chromium/vk_swiftshader_icd.json";
if (!process.env.VK_ICD_FILENAMES && existsSync(SWIFTSHADER)) {
  process.env.VK_ICD_FILENAMES = SWIFTSHADER;
}

const present = await useBackend({ device: "webgpu", threads: 1 }).then(
  () => true,
  () => false,
);

describe.runIf(present)("on WebGPU", () => {
  const matrix = withSpectrum(geometric(100, 1e3), 3);
  const inverse = powerOf(matrix, -1, 1e-3);

  test.each(["float32", "float64"] as const)("inverse, root, factors in %s", (precision) => {
    const one = linalg.spdInverse(matrix, { damping: 1e-3, precision });
    expect(read(one.retries)).toBe(0);
    expect(relativeError(one.inverse, inverse)).toBeLessThan(1e-5);

    const rhs = tf.ones<tf.Rank.R2>([100, 1]);
    const { solution } = linalg.spdSolve(matrix, rhs, { damping: 1e-3, precision });
    expect(relativeError(solution, tf.matMul(one.inverse, rhs).dataSync())).toBeLessThan(1e-4);

    const largest = tf.scalar(1);
    const { root } = linalg.inverseRoot(matrix, 4, { ridge: 1e-3, largest, precision });
    expect(relativeError(root, powerOf(matrix, -1 / 4, 1e-3))).toBeLessThan(1e-5);

    const rows = tf.ones<tf.Rank.R2>([2, 100]);
    const options = { ridge: 1e-3, largest, precision };
    const { product: rooted } = linalg.inverseRootProduct(rows, matrix, 4, options);
    expect(relativeError(rooted, tf.matMul(rows, root).dataSync())).toBeLessThan(1e-5);

    const { factor } = linalg.cholesky(matrix, { precision });
    const product = tf.matMul(factor, factor, false, true);
    expect(relativeError(product, matrix.dataSync())).toBeLessThan(1e-6);

    const { q, r } = linalg.qr(matrix, { precision });
    expect(relativeError(tf.matMul(q, r), matrix.dataSync())).toBeLessThan(1e-5);
  });

  test("a stack, a triangular system, the largest eigenvalue", () => {
    const requests = [0, 1].map(() => ({ matrix, damping: 1e-3 }));
    for (const result of linalg.spdInverses(requests)) {
      expect(relativeError(result.inverse, inverse)).toBeLessThan(1e-5);
    }
    const { solution } = linalg.triangularSolve(tf.add(matrix, tf.eye(100)), matrix);
    expect(read(tf.sum(tf.isFinite(solution)))).toBe(100 * 100);
    expect(read(linalg.largestEigenvalue(matrix).value)).toBeCloseTo(1, 3);
  });

  test("an indefinite matrix keeps the previous inverse", () => {
    const failing = tf.tensor2d([1, 2, 2, 1], [2, 2]);
    const { inverse: kept, retries } = linalg.spdInverse(failing, { damping: 0 });
    expect([read(retries), ...kept.dataSync()]).toEqual([linalg.KEPT_PREVIOUS, 1, 0, 0, 1]);
  });
});
