import { beforeAll, expect, it } from "vitest";
import { useBackend } from "../../suite/engine/index.ts";
import { gptParameterCount } from "../../suite/nn/gpt.ts";
import { disposeModel, type Model, ModelBuilder } from "../../suite/nn/model.ts";
import oracles from "../../suite/nn/oracles/gpt.json";
import { drawnWeights } from "../../suite/nn/testing/model-oracle.ts";
import { NO_RANDOM } from "../../suite/nn/testing/support.ts";
import { buildGpt2, GPT2_SHAPES, GPT2_VOCABULARY, loadGpt2 } from "./model.ts";

beforeAll(async () => {
  await useBackend({ backend: "reference" });
});

const build = () => buildGpt2(new ModelBuilder(NO_RANDOM), { ...oracles.size, dropout: 0 });

it("has 124,439,808 parameters at tier paper", () => {
  const size = { ...GPT2_SHAPES.paper, vocabulary: GPT2_VOCABULARY, dropout: 0, tiedHead: true };
  expect(gptParameterCount(size)).toBe(124_439_808);
});

it("shares one weight between the token embedding and the head", () => {
  const model = build();
  const tied = model.layers.filter((layer) => layer.tied);
  expect(tied.map(({ kind, place }) => [kind, place])).toEqual([
    ["embedding", "first"],
    ["linear", "head"],
  ]);
  expect(tied[0]?.weight).toBe(tied[1]?.weight);
  disposeModel(model);
});

it("loads the public checkpoint's names, with and without their prefix", () => {
  const contents = (model: Model) =>
    model.parameters.map(({ variable }) => Array.from(variable.dataSync()));
  // The public file also holds each block's mask, which is no weight.
  const plain = drawnWeights({ ...oracles.tied.shapes, "h.0.attn.bias": [1, 1, 6, 6] });
  const [first, second, untouched] = [build(), build(), build()];
  loadGpt2(first, plain);
  loadGpt2(second, {
    ...plain,
    names: plain.names.map((name) => `transformer.${name}`),
    get: (name) => plain.get(name.replace("transformer.", "")),
  });
  expect(contents(first)).toEqual(contents(second));
  expect(contents(first)).not.toEqual(contents(untouched));
  for (const model of [first, second, untouched]) disposeModel(model);
});
