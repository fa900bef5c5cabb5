import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { useBackend } from "../../suite/engine/index.ts";
import { loadWeights } from "../../suite/nn/checkpoint.ts";
import { countParameters, disposeModel, ModelBuilder } from "../../suite/nn/model.ts";
import { drawnInput, drawnWeights, expectModel } from "../../suite/nn/testing/model-oracle.ts";
import { NO_RANDOM, TESTED_BACKENDS, testRandom } from "../../suite/nn/testing/support.ts";
import { buildMlp, MLP_WIDTHS, type MlpSize } from "./model.ts";
import oracle from "./oracles/mlp.json";

const build = (size: MlpSize, random = NO_RANDOM) => buildMlp(new ModelBuilder(random), size);

describe.each(TESTED_BACKENDS)("the perceptron on the %s backend", (backend) => {
  beforeAll(async () => {
    await useBackend({ backend, threads: 1 });
  });

  it("equals PyTorch's: logits, gradients, Hessian-vector products", () => {
    const model = build({ widths: [6, 5, 4, 3], initialisation: "he" });
    tf.tidy(() => {
      loadWeights(model, drawnWeights(oracle.shapes));
      expectModel(model, drawnInput(oracle.inputShape), oracle, 1e-5);
    });
    disposeModel(model);
  });
});

it.each([
  ["paper", 784 * 2048 + 2048 * 2048 + 2048 * 10],
  ["mini", 196 * 128 + 128 * 128 + 128 * 10],
] as const)("has no biases at tier %s: %i parameters", (tier, parameters) => {
  const model = build({ widths: MLP_WIDTHS[tier], initialisation: "pytorch" });
  expect(countParameters(model)).toBe(parameters);
  expect(model.layers.map(({ place }) => place)).toEqual(["first", "hidden", "head"]);
  disposeModel(model);
});

it.each([
  ["he", 2],
  ["pytorch", 1 / 3],
] as const)("initialises %s with variance %f/fanIn", (initialisation, variance) => {
  const model = build({ widths: MLP_WIDTHS.mini, initialisation }, testRandom());
  for (const { variable } of model.parameters) {
    const values = variable.dataSync<"float32">();
    const square = values.reduce((sum, value) => sum + value * value, 0) / values.length;
    expect((square * (variable.shape[0] as number)) / variance).toBeGreaterThan(0.85);
    expect((square * (variable.shape[0] as number)) / variance).toBeLessThan(1.15);
  }
  disposeModel(model);
});
