import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, it } from "vitest";
import { engineCounters, flush, resetEngineCounters, useBackend } from "./index.ts";

beforeAll(async () => {
  await useBackend({ threads: 1 });
});

it("computes a graph of several kernels in one run", () => {
  resetEngineCounters();
  const result = tf.tidy(() => {
    const x = tf.tensor2d([1, 2, 3, 4], [2, 2]);
    return tf.matMul(x, x, false, true).relu().add(1).sum();
  });
  expect(engineCounters().runs).toBe(0);
  flush();
  expect(engineCounters()).toMatchObject({ runs: 1, compiles: 1, fallbacks: {} });
  expect(result.dataSync()[0]).toBeCloseTo(5 + 11 + 11 + 25 + 4, 5);
  result.dispose();
});
