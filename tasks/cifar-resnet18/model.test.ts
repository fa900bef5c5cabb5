import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { useBackend } from "../../suite/engine/index.ts";
import { loadWeights } from "../../suite/nn/checkpoint.ts";
import { countParameters, disposeModel, ModelBuilder } from "../../suite/nn/model.ts";
import {
  drawnInput,
  drawnWeights,
  expectModel,
  relativeError,
} from "../../suite/nn/testing/model-oracle.ts";
import { NO_RANDOM, TESTED_BACKENDS, testRandom } from "../../suite/nn/testing/support.ts";
import { buildResNet18, RESNET_SIZES } from "./model.ts";
import oracles from "./oracles/resnet.json";

const EVALUATING = { training: false, updateStatistics: false };

describe.each(TESTED_BACKENDS)("ResNet18 on the %s backend", (backend) => {
  beforeAll(async () => {
    await useBackend({ backend, threads: 1 });
  });

  it("equals PyTorch's at small width: logits, gradients, Hessian-vector products", () => {
    const model = buildResNet18(new ModelBuilder(NO_RANDOM), { width: 3, classes: 10 });
    tf.tidy(() => {
      loadWeights(model, drawnWeights(oracles.small.shapes));
      const inputs = drawnInput(oracles.small.inputShape);
      const logits = model.apply(inputs, EVALUATING);
      expect(relativeError(logits.dataSync(), oracles.small.evaluationLogits)).toBeLessThan(2e-5);
      expectModel(model, inputs, oracles.small, 1e-4);
    });
    disposeModel(model);
  });
});

it("has 11,173,962 parameters and PyTorch's logits at full width", async () => {
  await useBackend({ backend: "onnxruntime", threads: 2 });
  const model = buildResNet18(new ModelBuilder(NO_RANDOM), RESNET_SIZES.paper);
  expect(countParameters(model)).toBe(11_173_962);
  expect(oracles.full.parameterCount).toBe(11_173_962);
  tf.tidy(() => {
    loadWeights(model, drawnWeights(oracles.full.shapes));
    const logits = model.apply(drawnInput(oracles.full.inputShape), EVALUATING);
    expect(relativeError(logits.dataSync(), oracles.full.evaluationLogits)).toBeLessThan(2e-5);
  });
  disposeModel(model);
});

it("starts from PyTorch's distributions: uniform within 1/√fanIn, scales 1, shifts 0", async () => {
  await useBackend({ backend: "reference" });
  const model = buildResNet18(new ModelBuilder(testRandom()), { width: 16, classes: 10 });
  for (const { name, role, variable } of model.parameters) {
    const values = variable.dataSync<"float32">();
    if (role === "norm") {
      const start = name.endsWith("weight") ? 1 : 0;
      expect(values.every((value) => value === start)).toBe(true);
      continue;
    }
    const fanIn = role === "bias" ? 128 : variable.size / (variable.shape.at(-1) as number);
    const largest = values.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
    expect(largest).toBeLessThanOrEqual(1 / Math.sqrt(fanIn) + 1e-7);
    if (values.length < 100) continue;
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const square = values.reduce((sum, value) => sum + value * value, 0) / values.length;
    expect(Math.abs(mean) * Math.sqrt(fanIn)).toBeLessThan(4 / Math.sqrt(3 * values.length));
    expect(square * 3 * fanIn).toBeGreaterThan(0.7);
  }
  disposeModel(model);
});
