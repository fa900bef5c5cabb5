import { readFileSync } from "node:fs";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { stream } from "../../suite/data/prng.ts";
import { useBackend } from "../../suite/engine/index.ts";
import { loadWeights } from "../../suite/nn/checkpoint.ts";
import { countParameters, disposeModel, type Model, ModelBuilder } from "../../suite/nn/model.ts";
import { parseSafetensors } from "../../suite/nn/safetensors.ts";
import {
  drawnInput,
  drawnWeights,
  expectModel,
  relativeError,
} from "../../suite/nn/testing/model-oracle.ts";
import { NO_RANDOM, TESTED_BACKENDS } from "../../suite/nn/testing/support.ts";
import type { TierProtocol } from "../../suite/protocol/task.ts";
import type { TaskData } from "../../suite/train/data.ts";
import { cifarVitTiny } from "./index.ts";
import { buildVit, VIT_HEAD, VIT_SIZES, type VitSize } from "./model.ts";
import oracles from "./oracles/vit.json";

const EVALUATING = { training: false, updateStatistics: false };
const SMALL: VitSize = { image: 32, patch: 8, width: 12, layers: 2, heads: 3, classes: 10 };

const build = (size: VitSize) => buildVit(new ModelBuilder(NO_RANDOM), size);
const file = () =>
  parseSafetensors(readFileSync(new URL("oracles/vit.safetensors", import.meta.url)), "vit");

describe.each(TESTED_BACKENDS)("the vision transformer on the %s backend", (backend) => {
  beforeAll(async () => {
    await useBackend({ backend, threads: 1 });
  });

  it("equals timm's: logits, gradients, Hessian-vector products", () => {
    const model = build(SMALL);
    tf.tidy(() => {
      loadWeights(model, drawnWeights(oracles.small.shapes));
      expectModel(model, drawnInput(oracles.small.inputShape), oracles.small, 1e-4);
    });
    disposeModel(model);
  });

  it("gives timm's logits with a file that timm saved", () => {
    const model = build(SMALL);
    tf.tidy(() => {
      loadWeights(model, file());
      const logits = model.apply(drawnInput(oracles.saved.inputShape), EVALUATING);
      expect(relativeError(logits.dataSync(), oracles.saved.logits)).toBeLessThan(2e-5);
    });
    disposeModel(model);
  });
});

it("keeps a head for other classes when told to, and refuses one of another size", () => {
  const model = build({ ...SMALL, classes: 3 });
  expect(() => loadWeights(model, file())).toThrow(
    '"head.weight" in vit has shape [10,12], but the model needs [3,12].',
  );
  const before = model.parameters.at(-2)?.variable.dataSync().slice();
  loadWeights(model, file(), { except: VIT_HEAD });
  expect(model.parameters.at(-2)?.name).toBe("head.weight");
  expect(model.parameters.at(-2)?.variable.dataSync()).toEqual(before);
  disposeModel(model);
});

it("has 5,526,346 parameters and timm's logits as vit_tiny_patch16_224", async () => {
  await useBackend({ backend: "onnxruntime", threads: 2 });
  const model = build(VIT_SIZES.paper);
  expect(countParameters(model)).toBe(5_526_346);
  expect(oracles.full.parameterCount).toBe(5_526_346);
  tf.tidy(() => {
    loadWeights(model, drawnWeights(oracles.full.shapes));
    const logits = model.apply(drawnInput(oracles.full.inputShape), EVALUATING);
    expect(relativeError(logits.dataSync(), oracles.full.logits)).toBeLessThan(1e-4);
  });
  disposeModel(model);
});

it("fine-tunes a head that pretraining has never seen, at its seed too", async () => {
  await useBackend({ backend: "reference" });
  const builder = () => new ModelBuilder(stream(0, "init"));
  const mini = cifarVitTiny.tiers.mini as TierProtocol;
  const [pretraining, tuned] = [
    buildVit(builder(), VIT_SIZES.mini),
    mini.build(builder(), {}, { classes: 10 } as TaskData),
  ];
  const valuesOf = (model: Model, name: string) =>
    model.parameters.find((one) => one.name === name)?.variable.dataSync() as Float32Array;
  const first = [...valuesOf(pretraining, "head.weight")];
  const second = valuesOf(tuned, "head.weight");
  // Ten standard deviations of a correlation of 640 pairs by chance.
  const sum = first.reduce((total, x, i) => total + x * (second[i] as number), 0);
  expect(Math.abs(sum) / (640 * 0.02 ** 2)).toBeLessThan(0.4);
  expect([...valuesOf(tuned, "head.bias")].every((x) => x === 0)).toBe(true);
  expect(valuesOf(tuned, "norm.weight")).not.toEqual(valuesOf(pretraining, "norm.weight"));
  for (const model of [pretraining, tuned]) disposeModel(model);
});

it("can be committed as pretrained at mini size: under a megabyte", async () => {
  await useBackend({ backend: "reference" });
  const model = build(VIT_SIZES.mini);
  expect(countParameters(model) * 4).toBeLessThan(1_000_000);
  disposeModel(model);
});

it("refuses patches that do not tile the image", () => {
  expect(() => build({ ...SMALL, patch: 7 })).toThrow("Patches of 7 pixels do not tile");
});
