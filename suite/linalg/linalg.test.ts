import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { engineCounters, resetEngineCounters, useBackend } from "../engine/index.ts";
import {
  cholesky,
  frobenius,
  inverseRoot,
  largestEigenvalue,
  qr,
  spdInverse,
  spdSolve,
  symmetricEigen,
  symmetrize,
  trace,
  triangularSolve,
  triu,
} from "./index.ts";
import {
  BACKENDS,
  geometric,
  PRECISIONS,
  powerOf,
  read,
  relativeError,
  uniforms,
  withSpectrum,
} from "./testing.ts";

describe.each(BACKENDS)("on %s", (backend) => {
  beforeAll(async () => {
    await useBackend({ backend, threads: 2 });
  });

  test("symmetrize, trace, frobenius, triu", () => {
    const matrix = tf.tensor2d([1, 2, 3, 4, 5, 6, 7, 8, 9], [3, 3]);
    expect([...symmetrize(matrix).dataSync()]).toEqual([1, 3, 5, 3, 5, 7, 5, 7, 9]);
    expect(read(trace(matrix))).toBe(15);
    expect(read(frobenius(matrix))).toBeCloseTo(Math.sqrt(285), 5);
    expect([...triu(matrix).dataSync()]).toEqual([1, 2, 3, 0, 5, 6, 0, 0, 9]);
    expect(read(trace(tf.tensor2d([[2]])))).toBe(2);
  });

  test("no tensor is left behind", () => {
    const matrix = withSpectrum([3, 2, 1], 1);
    const before = tf.memory().numTensors;
    tf.dispose([
      spdInverse(matrix, { damping: 1 }),
      spdSolve(matrix, matrix, { damping: 1 }),
      cholesky(matrix),
      qr(matrix),
      triangularSolve(matrix, matrix),
      largestEigenvalue(matrix),
      inverseRoot(matrix, 4, { ridge: 1e-2 }),
      symmetricEigen(matrix),
      symmetrize(matrix),
      trace(matrix),
      frobenius(matrix),
      triu(matrix),
    ] as unknown as tf.TensorContainer);
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe("as a graph", () => {
  beforeAll(async () => {
    await useBackend({ backend: "onnxruntime", threads: 2 });
  });

  test("changing values recompile nothing, and only eigenvectors fall back", () => {
    const step = (k: number) =>
      tf.tidy(() => {
        const matrix = withSpectrum([4, 2, 1 + k], 7);
        const damping = tf.scalar(0.1 * (k + 1));
        const { inverse } = spdInverse(matrix, { damping });
        const { root } = inverseRoot(matrix, 4, { ridge: 1e-3, previous: inverse });
        return tf
          .matMul(triangularSolve(qr(root).r, cholesky(matrix).factor).solution, root)
          .dataSync();
      });
    // A written scalar is taken for a constant until it changes.
    for (const warmUp of [0, 1, 2]) step(warmUp);
    resetEngineCounters();
    step(3);
    step(4);
    expect(engineCounters()).toMatchObject({ compiles: 0, fallbacks: {} });
    symmetricEigen(tf.eye(2)).values.dataSync();
    expect(engineCounters().fallbacks).toEqual({ ReducedEigen: 1 });
  });

  test.each([
    [1e2, 2e-4],
    [1e4, 2e-4],
    [1e6, 3e-4],
    [1e8, 1e-3],
    [1e12, 1e-3],
  ])("inverse fourth root, order 64, ridge 1e-6, condition %f", (condition, single) => {
    const matrix = withSpectrum(geometric(64, condition), 5);
    const largest = tf.scalar(1);
    const ridge = 1e-6;
    const expected = powerOf(matrix, -1 / 4, ridge);
    const root = (precision: "float32" | "float64") =>
      inverseRoot(matrix, 4, { ridge, largest, precision });
    expect(relativeError(root("float32").root, expected)).toBeLessThan(single);
    expect(relativeError(root("float64").root, expected)).toBeLessThan(3e-7);
  });
});

/** Zero blocks are skipped, halves of what is symmetric too, and the last leaf is padded. */
describe("an order of 1100, by its residuals", () => {
  const n = 1100;
  /** Eigenvalues of 0 to about 0.33. */
  const covariance = (): tf.Tensor2D => {
    const half = tf.tensor2d(Float32Array.from(uniforms(n * n, 5)), [n, n]);
    return tf.div(tf.matMul(half, half, false, true), n);
  };
  const shifted = () => tf.add<tf.Tensor2D>(covariance(), tf.mul(tf.eye(n), 0.1));
  const fromIdentity = (x: tf.Tensor) => read(tf.norm(tf.sub(x, tf.eye(n)))) / Math.sqrt(n);

  beforeAll(async () => {
    await useBackend({ backend: "onnxruntime", threads: 2 });
  });

  test.each(PRECISIONS)("inverse and factor in %s", (precision) => {
    const { inverse } = spdInverse(covariance(), { damping: 0.1, precision });
    expect(fromIdentity(tf.matMul(inverse, shifted()))).toBeLessThan(1e-5);
    expect(relativeError(tf.transpose(inverse), inverse.dataSync())).toBeLessThan(1e-6);

    const { factor } = cholesky(shifted(), { precision });
    const product = tf.matMul(factor, factor, false, true);
    expect(relativeError(product, shifted().dataSync())).toBeLessThan(1e-6);
    expect(relativeError(tf.linalg.bandPart(factor, -1, 0), factor.dataSync())).toBe(0);
  });

  test("inverse square root", () => {
    const { root } = inverseRoot(shifted(), 2, { ridge: 0, largest: tf.scalar(0.45) });
    expect(fromIdentity(tf.matMul(tf.matMul(root, root), shifted()))).toBeLessThan(1e-3);
  });
});

test("wrong arguments name what was given and what is allowed", () => {
  const wide = tf.zeros([2, 3]) as tf.Tensor2D;
  const square = tf.eye(2);
  expect(() => spdInverse(wide, { damping: 1 })).toThrow(
    /square float32 matrix.*got float32 \[2,3\]/,
  );
  expect(() => spdInverse(square, { damping: 1, previous: wide })).toThrow(
    /previous.*\[2,2\].*\[2,3\]/,
  );
  expect(() => qr(wide)).toThrow(/m ≥ n/);
  expect(() => triangularSolve(square, wide, { side: "right" })).toThrow(/rhs on the right/);
  expect(() => inverseRoot(square, 1, { ridge: 1 })).toThrow(/at least 2; got 1/);
  expect(() => inverseRoot(square, 4, { ridge: -1 })).toThrow(/ridge.*got -1/);
});
