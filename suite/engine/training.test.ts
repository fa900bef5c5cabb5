import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { engineCounters, resetEngineCounters, useBackend } from "./index.ts";
import { draw, hessianVectorProduct, TEST_MODELS, train } from "./testing/models.ts";

const LEARNING_RATES = [0.5, 0.4, 0.3, 0.2, 0.1];

async function on<T extends number[] | ArrayLike<number>[]>(
  backend: "onnxruntime" | "reference",
  work: () => T,
): Promise<T> {
  await useBackend({ backend, threads: 1 });
  let result: T | undefined;
  tf.tidy(() => {
    result = work();
  });
  return result as T;
}

describe.each(Object.entries(TEST_MODELS))("%s", (_, model) => {
  it("follows the reference backend's loss curve without a fallback", async () => {
    const expected = await on("reference", () => train(model(), LEARNING_RATES));
    const losses = await on("onnxruntime", () => {
      resetEngineCounters();
      return train(model(), LEARNING_RATES);
    });
    expect(engineCounters().fallbacks).toEqual({});
    losses.forEach((loss, i) => {
      expect(Math.abs(loss - (expected[i] as number))).toBeLessThan(2e-5);
    });
    expect(losses.at(-1)).toBeLessThan(losses[0] as number);
  });

  it("has the reference backend's Hessian-vector products without a fallback", async () => {
    const products = () => {
      const tested = model();
      const vectors = tested.weights.map((w, i) => draw(w.shape, 100 + i));
      return hessianVectorProduct(tested, vectors).map((product) => product.dataSync());
    };
    const expected = await on("reference", products);
    const actual = await on("onnxruntime", () => {
      resetEngineCounters();
      return products();
    });
    expect(engineCounters().fallbacks).toEqual({});
    const largest = Math.max(...expected.flatMap((values) => [...values].map(Math.abs)));
    expected.forEach((values, i) => {
      values.forEach((value, j) => {
        expect(Math.abs((actual[i]?.[j] as number) - value)).toBeLessThan(1e-4 * largest);
      });
    });
  });
});
