import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { useBackend } from "../engine/index.ts";
import { gelu, geluTanh } from "./activation.ts";
import { causalMask, selfAttention } from "./attention.ts";
import { batchNorm, recomputeMoments } from "./batch-norm.ts";
import { convolution } from "./convolution.ts";
import { tiedHead, tokenEmbedding } from "./embedding.ts";
import { layerNorm } from "./layer-norm.ts";
import { linear } from "./linear.ts";
import { crossEntropy } from "./losses.ts";
import { disposeModel, type ForwardPass, ModelBuilder } from "./model.ts";
import oracles from "./oracles/layers.json";
import { patchEmbedding } from "./patch-embedding.ts";
import { averagePool, globalAveragePool, maxPool } from "./pool.ts";
import {
  expectClose,
  type OracleTensor,
  setValues,
  TESTED_BACKENDS,
  tensorFrom,
  testRandom,
} from "./testing/support.ts";

interface Oracle {
  input: OracleTensor;
  parameters: Record<string, OracleTensor>;
  cotangent: OracleTensor;
  output: OracleTensor;
  gradients: Record<string, OracleTensor>;
  directions: Record<string, OracleTensor>;
  products: Record<string, OracleTensor>;
}

type Layer = (x: tf.Tensor, pass: ForwardPass) => tf.Tensor;

const TRAINING: ForwardPass = { training: true, updateStatistics: false };
const EVALUATING: ForwardPass = { training: false, updateStatistics: false };

const images = (x: tf.Tensor) => x as tf.Tensor4D;

function attention(builder: ModelBuilder, count: number, tokens: number, causal: boolean): Layer {
  const names = { qkv: "qkv", projection: "projection" };
  const initial = { qkv: {}, projection: {} };
  const apply = selfAttention(builder, { width: 4, heads: 2, names, initial, dropout: 0 });
  return (x, pass) => {
    const sequences = { count, tokens, ...(causal && { mask: causalMask(tokens) }) };
    return apply(x, sequences, pass);
  };
}

function convolving(builder: ModelBuilder, kernel: number, stride: number, padding: number): Layer {
  return convolution(builder, "layer", { channelsIn: 3, channelsOut: 4, kernel, stride, padding });
}

const TOKENS = { vocabulary: 5, block: 6, width: 4, initialDeviation: 0.02 };

const LAYERS: Record<string, (builder: ModelBuilder) => Layer> = {
  linear: (builder) => linear(builder, "layer", { dIn: 4, dOut: 3, bias: true }),
  "linear without bias, rank 3": (builder) =>
    linear(builder, "layer", { dIn: 4, dOut: 3, bias: false }),
  "convolution 3x3": (builder) => convolving(builder, 3, 1, 1),
  "convolution 3x3 stride 2": (builder) => convolving(builder, 3, 2, 1),
  "convolution 1x1 stride 2": (builder) => convolving(builder, 1, 2, 0),
  "patch embedding": (builder) =>
    patchEmbedding(builder, "layer", { channels: 3, patch: 2, width: 5 }),
  embedding: (builder) => tokenEmbedding(builder, { ...TOKENS, tied: false }).apply,
  "tied head": (builder) => {
    const embedding = tokenEmbedding(builder, { ...TOKENS, tied: true });
    const head = tiedHead(builder, "head", embedding.table);
    return (ids, pass) => head(embedding.apply(ids, pass), pass);
  },
  "layer norm": (builder) => layerNorm(builder, "layer", { width: 6, epsilon: 1e-5 }),
  "batch norm": (builder) => batchNorm(builder, "layer", 4),
  "batch norm, evaluating": (builder) => {
    const apply = batchNorm(builder, "layer", 4);
    return (x) => apply(x, EVALUATING);
  },
  gelu: () => gelu,
  "gelu tanh": () => geluTanh,
  attention: (builder) => attention(builder, 2, 3, false),
  "causal attention": (builder) => attention(builder, 2, 4, true),
  "max pool": () => (x) => maxPool(images(x), 2, 2),
  "average pool": () => (x) => averagePool(images(x), 2, 2),
  "global average pool": () => globalAveragePool,
};

const cases = oracles.cases as Record<string, Oracle>;

it("has an oracle for every layer, and a layer for every oracle", () => {
  expect(Object.keys(LAYERS).sort()).toEqual(Object.keys(cases).sort());
});

describe.each(TESTED_BACKENDS)("on the %s backend", (backend) => {
  let tensors = 0;
  beforeAll(async () => {
    await useBackend({ backend, threads: 1 });
    tensors = tf.memory().numTensors;
  });
  afterEach(() => expect(tf.memory().numTensors).toBe(tensors));

  describe.each(Object.keys(LAYERS))("%s", (name) => {
    const oracle = cases[name] as Oracle;

    /** Runs `check` with the layer as a function of its variables, parameters first. */
    function withLayer(check: (names: string[], values: tf.Tensor[], f: () => tf.Tensor) => void) {
      const builder = new ModelBuilder(testRandom());
      const layer = (LAYERS[name] as (typeof LAYERS)[string])(builder);
      setValues(builder, { ...oracle.parameters, ...oracles.buffers });
      tf.tidy(() => {
        const discrete = !("input" in oracle.gradients);
        const x = tensorFrom(oracle.input, discrete ? "int32" : undefined);
        const names = builder.parameters.map((parameter) => parameter.name);
        const values = builder.parameters.map(({ variable }) => variable as tf.Tensor);
        check(
          [...names, ...(discrete ? [] : ["input"])],
          [...values, ...(discrete ? [] : [x])],
          () => layer(x, TRAINING),
        );
      });
      disposeModel(builder.build(() => tf.tensor2d([[0]])));
    }

    const lossOf = (f: () => tf.Tensor) => () =>
      tf.sum(tf.mul(tensorFrom(oracle.cotangent), tf.square(f()))) as tf.Scalar;

    it("computes PyTorch's output and gradients", () => {
      withLayer((names, values, f) => {
        expectClose(f(), oracle.output);
        const { grads } = tf.engine().gradients(lossOf(f), values);
        names.forEach((variable, i) => {
          expectClose(grads[i] as tf.Tensor, oracle.gradients[variable] as OracleTensor);
        });
      });
    });

    it("computes PyTorch's Hessian-vector products", () => {
      withLayer((names, values, f) => {
        const along = () => {
          const { grads } = tf.engine().gradients(lossOf(f), values);
          const terms = names.map((variable, i) => {
            const direction = tensorFrom(oracle.directions[variable] as OracleTensor);
            return tf.sum(tf.mul(grads[i] as tf.Tensor, direction));
          });
          return tf.addN(terms);
        };
        const { grads: products } = tf.engine().gradients(along, values);
        names.forEach((variable, i) => {
          expectClose(products[i] as tf.Tensor, oracle.products[variable] as OracleTensor, 5e-5);
        });
      });
    });
  });

  describe("batch norm's running moments", () => {
    const { batches, mean, variance, recomputedMean, recomputedVariance } = oracles.moments;

    function normalising() {
      const builder = new ModelBuilder(testRandom());
      const apply = batchNorm(builder, "layer", 4);
      return builder.build((x, pass) => tf.reshape<tf.Rank.R2>(apply(x, pass), [-1, 4]));
    }

    it("follow the batches as nn.BatchNorm2d's do", () => {
      const model = normalising();
      for (const batch of batches) {
        tf.tidy(() => {
          model.apply(tensorFrom(batch), { training: true, updateStatistics: true });
          model.apply(tf.zeros([3, 2, 3, 4]), { training: true, updateStatistics: false });
          model.apply(tf.zeros([3, 2, 3, 4]), EVALUATING);
        });
      }
      expectClose(model.buffers[0]?.variable as tf.Tensor, mean);
      expectClose(model.buffers[1]?.variable as tf.Tensor, variance);
      disposeModel(model);
    });

    it("are recomputed as the mean over batches, whatever they were", () => {
      const model = normalising();
      setValues(model, oracles.buffers);
      const given = batches.map((batch) => tensorFrom(batch));
      recomputeMoments(model, given);
      expectClose(model.buffers[0]?.variable as tf.Tensor, recomputedMean);
      expectClose(model.buffers[1]?.variable as tf.Tensor, recomputedVariance);
      tf.dispose(given);
      disposeModel(model);
    });
  });

  it("computes PyTorch's cross-entropy with label smoothing, its gradient and Hessian", () => {
    const { logits, labels, smoothing, loss, gradient, direction, product } = oracles.crossEntropy;
    tf.tidy(() => {
      const x = tensorFrom(logits) as tf.Tensor2D;
      const lossOf = () => crossEntropy(x, tf.tensor1d(labels, "int32"), smoothing);
      const { value, grads } = tf.engine().gradients(lossOf, [x]);
      expect(value.dataSync()[0]).toBeCloseTo(loss, 5);
      expectClose(grads[0] as tf.Tensor, gradient);
      const along = () => {
        const [inner] = tf.engine().gradients(lossOf, [x]).grads as [tf.Tensor];
        return tf.sum(tf.mul(inner, tensorFrom(direction)));
      };
      expectClose(tf.engine().gradients(along, [x]).grads[0] as tf.Tensor, product);
    });
  });
});
