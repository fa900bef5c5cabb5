import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { useBackend } from "../engine/index.ts";
import { loadWeights } from "./checkpoint.ts";
import { buildGpt, type GptSize, gptParameterCount } from "./gpt.ts";
import { countParameters, disposeModel, ModelBuilder } from "./model.ts";
import oracles from "./oracles/gpt.json";
import { drawnWeights, expectModel } from "./testing/model-oracle.ts";
import { TESTED_BACKENDS, testRandom } from "./testing/support.ts";

const UNTIED: GptSize = { ...oracles.size, dropout: 0, tiedHead: false };
const TIED: GptSize = { ...UNTIED, tiedHead: true };
const EVALUATING = { training: false, updateStatistics: false };

const build = (size: GptSize) => buildGpt(new ModelBuilder(testRandom()), size);

describe.each(TESTED_BACKENDS)("GPT on the %s backend", (backend) => {
  beforeAll(async () => {
    await useBackend({ backend, threads: 1 });
  });

  it("equals an independent PyTorch minGPT: logits, gradients, Hessian-vector products", () => {
    const model = build(UNTIED);
    expect(countParameters(model)).toBe(oracles.untied.parameterCount);
    tf.tidy(() => {
      // minGPT puts the transformer in a module of that name, and the head beside it.
      const file = drawnWeights(oracles.untied.shapes);
      loadWeights(model, {
        ...file,
        names: Object.keys(withoutPrefix(oracles.untied.shapes)),
        get: (name) => file.get(name) ?? file.get(`transformer.${name}`),
      });
      const renamed = {
        ...oracles.untied,
        gradients: withoutPrefix(oracles.untied.gradients),
        products: withoutPrefix(oracles.untied.products),
      };
      expectModel(model, tokens(oracles.untied), renamed, 1e-4, {
        seedName: (name) => (name === "lm_head.weight" ? name : `transformer.${name}`),
      });
    });
    disposeModel(model);
  });

  it("equals an independent PyTorch GPT-2 with its tied head and transposed weights", () => {
    const model = build(TIED);
    expect(countParameters(model)).toBe(oracles.tied.parameterCount);
    tf.tidy(() => {
      loadWeights(model, drawnWeights(oracles.tied.shapes), { linearLayout: "conv1d" });
      expectModel(model, tokens(oracles.tied), oracles.tied, 1e-4, { linear: "conv1d" });
    });
    disposeModel(model);
  });
});

const tokens = ({ ids, inputShape }: { ids: number[]; inputShape: number[] }) =>
  tf.tensor(ids, inputShape, "int32");

function withoutPrefix<T>(byName: Record<string, T>): Record<string, T> {
  return Object.fromEntries(
    Object.entries(byName).map(([name, value]) => [name.replace("transformer.", ""), value]),
  );
}

it("sees no later token", () => {
  const model = build(UNTIED);
  tf.tidy(() => {
    const logits = (ids: number[]) =>
      model.apply(tf.tensor(ids, [1, 5], "int32"), EVALUATING).dataSync();
    const [a, b] = [logits([1, 2, 3, 4, 5]), logits([1, 2, 3, 0, 6])];
    expect(a.slice(0, 21)).toEqual(b.slice(0, 21));
    expect(a.slice(21)).not.toEqual(b.slice(21));
  });
  disposeModel(model);
});

it("counts its parameters by formula: GPT-2 small has 124,439,808", () => {
  for (const size of [UNTIED, TIED]) {
    const model = build(size);
    expect(gptParameterCount(size)).toBe(countParameters(model));
    disposeModel(model);
  }
  const small = { layers: 12, heads: 12, width: 768, vocabulary: 50_257, block: 1024 };
  expect(gptParameterCount({ ...small, dropout: 0, tiedHead: true })).toBe(124_439_808);
});

it("starts with smaller weights where they write to the residual stream", () => {
  const model = build({ ...UNTIED, width: 32, layers: 8 });
  for (const { name, role, variable } of model.parameters) {
    const values = variable.dataSync<"float32">();
    if (role === "bias") expect(values.every((value) => value === 0)).toBe(true);
    if (role !== "weight") continue;
    const deviation = name.endsWith("c_proj.weight") ? 0.02 / Math.sqrt(16) : 0.02;
    const square = values.reduce((sum, value) => sum + value * value, 0) / values.length;
    expect(Math.sqrt(square) / deviation).toBeGreaterThan(0.8);
    expect(Math.sqrt(square) / deviation).toBeLessThan(1.2);
  }
  disposeModel(model);
});

it("refuses a sequence longer than its block, and heads that do not divide the width", () => {
  const model = build(UNTIED);
  expect(() => tf.tidy(() => model.apply(tf.zeros([1, 7], "int32"), EVALUATING))).toThrow(
    "reads at most 6 tokens at once, but was given 7",
  );
  disposeModel(model);
  expect(() => build({ ...UNTIED, heads: 3 })).toThrow("3 heads do not divide the width 8");
});
