import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import * as linalg from "../../linalg/index.ts";
import { geometric, read, relativeError, withSpectrum } from "../../linalg/testing.ts";
import { useBackend } from "../index.ts";
import { tensorflowCandidates } from "../tensorflow.ts";
import { registerWasmKernels } from "./wasm.ts";

const N = 70;

/** One value of everything, from the same matrices on every backend. */
function everything(): Record<string, Float32Array> {
  const spd = withSpectrum(geometric(N, 1e3), 3);
  const tall = tf.slice(spd, [0, 0], [N, 9]) as tf.Tensor2D;
  const failing = tf.tensor2d([1, 2, 2, 1], [2, 2]);
  const precise = { precision: "float64" } as const;
  const results = {
    inverse: linalg.spdInverse(spd, { damping: 1e-3 }).inverse,
    inverse64: linalg.spdInverse(spd, { damping: 1e-3, ...precise }).inverse,
    keptInverse: linalg.spdInverse(failing, { damping: 0 }).inverse,
    retries: linalg.spdInverse(failing, { damping: 0 }).retries,
    solved: linalg.spdSolve(spd, tall, { damping: 1e-3 }).solution,
    solved64: linalg.spdSolve(spd, tall, { damping: 1e-3, ...precise }).solution,
    notSolved: linalg.spdSolve(failing, failing, { damping: 0 }).solution,
    root: linalg.inverseRoot(spd, 4, { ridge: 1e-3 }).root,
    root64: linalg.inverseRoot(spd, 4, { ridge: 1e-3, ...precise }).root,
    rooted: linalg.inverseRootProduct(tf.transpose(tall), spd, 4, { ridge: 1e-3 }).product,
    rooted64: linalg.inverseRootProduct(tf.transpose(tall), spd, 4, { ridge: 1e-3, ...precise })
      .product,
    notRooted: linalg.inverseRootProduct(failing, tf.neg(tf.eye(2)), 4, { ridge: 1e-3 }).product,
    rootRetries: linalg.inverseRoot(failing, 4, { ridge: 1e-3 }).retries,
    rootOfNaN: linalg.inverseRoot(tf.fill([2, 2], Number.NaN), 4, { ridge: 1e-3 }).retries,
    factor: linalg.cholesky(spd).factor,
    failedFactor: linalg.cholesky(failing).ok,
    q: linalg.qr(tall).q,
    r: linalg.qr(tall).r,
    left: linalg.triangularSolve(spd, tall, { transpose: true }).solution,
    right: linalg.triangularSolve(spd, tf.transpose(tall), { side: "right", lower: false })
      .solution,
    singular: linalg.triangularSolve(tf.zeros([2, 2]), failing).ok,
    largest: linalg.largestEigenvalue(spd).value,
    eigenvalues: linalg.symmetricEigen(spd).values,
    projector: projector(linalg.symmetricEigen(spd).vectors),
  };
  return Object.fromEntries(
    Object.entries(results).map(([name, tensor]) => [name, tensor.dataSync() as Float32Array]),
  );
}

/** Onto the span of the ten largest: the same for every choice of signs. */
function projector(vectors: tf.Tensor2D): tf.Tensor2D {
  const top = tf.slice(vectors, [0, N - 10], [N, 10]) as tf.Tensor2D;
  return tf.matMul(top, top, false, true);
}

async function expectLikeReference(prepare: () => Promise<void>): Promise<void> {
  await useBackend({ backend: "reference" });
  const expected = everything();
  await prepare();
  const before = tf.memory().numTensors;
  const actual = tf.tidy(everything);
  expect(tf.memory().numTensors).toBe(before);
  for (const [name, values] of Object.entries(expected)) {
    const error = relativeError(tf.tensor1d(actual[name] as Float32Array), values);
    expect(Number.isNaN(error) ? read(tf.sum(values)) : error, name).toBeLessThan(2e-4);
  }
}

describe("the kernels in plain tfjs operations", () => {
  test("agree with the reference", async () => {
    await expectLikeReference(async () => {
      registerWasmKernels("cpu");
    });
  });
});

const present = tensorflowCandidates("cpu").length > 0;

describe.runIf(present)("the kernels on TensorFlow", () => {
  test("agree with the reference", async () => {
    await expectLikeReference(async () => {
      await useBackend({ backend: "tensorflow", threads: 2 });
    });
  });
});
