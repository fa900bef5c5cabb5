import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { useBackend } from "../engine/index.ts";
import { batchNorm } from "./batch-norm.ts";
import { loadWeights, saveWeights } from "./checkpoint.ts";
import { convolution } from "./convolution.ts";
import { linear } from "./linear.ts";
import { disposeModel, type Model, ModelBuilder } from "./model.ts";
import { encodeSafetensors, parseSafetensors, type SafeTensor } from "./safetensors.ts";
import { testRandom } from "./testing/support.ts";

beforeAll(async () => {
  await useBackend({ backend: "reference" });
});

/** A model with every layout: it is never applied. */
function model(seed = 1): Model {
  const builder = new ModelBuilder(testRandom(seed));
  const channels = { channelsIn: 2, channelsOut: 3 };
  convolution(builder, "conv", { ...channels, kernel: 3, stride: 1, padding: 1 });
  batchNorm(builder, "norm", 3);
  linear(builder, "head", { dIn: 3, dOut: 2, bias: true });
  return builder.build(() => tf.tensor2d([[0]]));
}

const contents = (given: Model) =>
  [...given.parameters, ...given.buffers].map(({ name, variable }) => [
    name,
    Array.from(variable.dataSync()),
  ]);

describe("weights on file", () => {
  it("come back as they were, laid out as PyTorch's modules", () => {
    const [saved, loaded] = [model(1), model(2)];
    const file = parseSafetensors(saveWeights(saved), "weights.safetensors");
    expect(file.names).toEqual([
      "conv.weight",
      "norm.weight",
      "norm.bias",
      "head.weight",
      "head.bias",
      "norm.running_mean",
      "norm.running_var",
    ]);
    expect(file.get("conv.weight")?.shape).toEqual([3, 2, 3, 3]);
    expect(file.get("head.weight")?.shape).toEqual([2, 3]);
    loadWeights(loaded, file);
    expect(contents(loaded)).toEqual(contents(saved));
    disposeModel(saved);
    disposeModel(loaded);
  });

  it("leave the model as it was when a tensor is missing or has another shape", () => {
    const target = model();
    const before = contents(target);
    const tensors = new Map<string, SafeTensor>();
    const file = parseSafetensors(saveWeights(model(3)), "weights.safetensors");
    for (const name of file.names) tensors.set(name, file.get(name) as SafeTensor);
    const parse = () => parseSafetensors(encodeSafetensors(tensors), "weights.safetensors");

    tensors.set("head.bias", { shape: [3], values: new Float32Array(3) });
    expect(() => loadWeights(target, parse())).toThrow(
      '"head.bias" in weights.safetensors has shape [3], but the model needs [2]',
    );
    tensors.delete("head.bias");
    expect(() => loadWeights(target, parse())).toThrow(
      'weights.safetensors lacks "head.bias", which the model needs. It has 6 tensors ("conv.weight"',
    );
    expect(() => loadWeights(target, parse(), { prefix: "net." })).toThrow(
      'lacks "net.conv.weight", "net.norm.weight", "net.norm.bias" and 4 more',
    );
    expect(contents(target)).toEqual(before);
    disposeModel(target);
  });
});

describe("a file that is not whole", () => {
  const whole = encodeSafetensors(
    new Map([["a", { shape: [2, 2], values: Float32Array.of(1, 2, 3, 4) }]]),
  );

  it("is named as such wherever it is cut", () => {
    expect(parseSafetensors(whole, "w").get("a")?.values).toEqual(Float32Array.of(1, 2, 3, 4));
    for (let length = 0; length < whole.length; length++) {
      expect(() => parseSafetensors(whole.subarray(0, length), "w")).toThrow(
        /^w is not a whole safetensors file: .*Delete it and download it again\.$/,
      );
    }
  });

  it("is named as such when its header is something else", () => {
    const garbled = whole.slice();
    garbled[8] = 0x58;
    expect(() => parseSafetensors(garbled, "w")).toThrow("its header is not JSON");
    const page = new TextEncoder().encode("<!doctype html><title>Not found</title>");
    expect(() => parseSafetensors(page, "w")).toThrow("is not a whole safetensors file");
  });

  it("is told apart from one whose numbers are not float32", () => {
    const text = '{"a":{"dtype":"F16","shape":[2],"data_offsets":[0,4]}}';
    const bytes = new Uint8Array(8 + text.length + 4);
    bytes[0] = text.length;
    bytes.set(new TextEncoder().encode(text), 8);
    expect(() => parseSafetensors(bytes, "w").get("a")).toThrow("has dtype F16; only F32 is read");
  });
});

it("refuses two parameters of one name", () => {
  const builder = new ModelBuilder(testRandom());
  linear(builder, "head", { dIn: 3, dOut: 2, bias: false });
  expect(() => linear(builder, "head", { dIn: 2, dOut: 2, bias: false })).toThrow(
    'two parameters named "head.weight"',
  );
});
