/**
 * @file The four small models of `optimizers/oracles/models.json`, on tfjs: an MLP with biases and
 * one without, a convolutional net with batch norm, and a transformer block with token and position
 * embeddings and layer norms.
 */
import * as tf from "@tensorflow/tfjs-core";
import { causalMask, selfAttention } from "../../nn/attention.ts";
import { batchNorm } from "../../nn/batch-norm.ts";
import { convolution } from "../../nn/convolution.ts";
import { tokenEmbedding } from "../../nn/embedding.ts";
import { evaluateBatch } from "../../nn/evaluate.ts";
import { layerNorm } from "../../nn/layer-norm.ts";
import { linear } from "../../nn/linear.ts";
import { disposeModel, type Model, ModelBuilder } from "../../nn/model.ts";
import type { RandomSource } from "../../nn/random.ts";
import type { Problem } from "../problem.ts";
import { flat, type Nested, shapeOf } from "./nested.ts";
import { readOracleFile } from "./oracle-file.ts";

export const SMALL_MODELS = ["mlp", "mlp-no-bias", "conv", "attention"] as const;
export type SmallModelName = (typeof SMALL_MODELS)[number];

interface ModelRecord {
  readonly labelSmoothing: number;
  readonly batchSize: number;
  readonly parameters: Readonly<Record<string, Nested>>;
  readonly inputs: Nested[];
  readonly labels: Nested[];
  readonly check: {
    readonly loss: number;
    readonly gradients: Readonly<Record<string, Nested>>;
    readonly outputGradients: Readonly<Record<string, Nested>>;
    readonly sampledLabels: Nested;
    readonly sampledOutputGradients: Readonly<Record<string, Nested>>;
    readonly probe: Readonly<Record<string, Nested>>;
    readonly hessianVectorProduct: Readonly<Record<string, Nested>>;
  };
}

const { models: RECORDS } = readOracleFile("models") as {
  readonly models: Record<SmallModelName, ModelRecord>;
};

export interface SmallModel {
  readonly name: SmallModelName;
  readonly model: Model;
  readonly record: ModelRecord;
  /**
   * The loss on the batch of a step (4 batches in turn; `all`: all examples), for the length of the
   * call. `labels` injects the labels that the model would draw, else they follow `uniforms`.
   */
  withBatch<T>(step: number | "all", use: (problem: Problem) => T, draws?: Draws): T;
  dispose(): void;
}

/** A fresh copy, at the parameters of the oracle. */
export function smallModel(name: SmallModelName): SmallModel {
  const record = RECORDS[name];
  const builder = new ModelBuilder({
    uniform: (count) => new Float32Array(count),
    normal: (count) => new Float32Array(count),
  });
  const model = builder.build(BUILD[name](builder));
  for (const { name: key, variable } of model.parameters) {
    const values = record.parameters[key] as Nested;
    tf.tidy(() => variable.assign(tf.tensor(flat(values), shapeOf(values))));
  }
  return {
    name,
    model,
    record,
    withBatch: (step, use, draws = {}) => withBatch(model, record, step, use, draws),
    dispose: () => disposeModel(model),
  };
}

interface Draws {
  readonly labels?: Nested;
  readonly uniforms?: RandomSource;
}

function withBatch<T>(
  model: Model,
  { inputs, labels, batchSize, labelSmoothing }: ModelRecord,
  step: number | "all",
  use: (problem: Problem) => T,
  draws: Draws,
): T {
  const batches = inputs.length / batchSize;
  const start = step === "all" ? 0 : batchSize * (step % batches);
  const examples = step === "all" ? inputs.length : batchSize;
  const some = inputs.slice(start, start + examples);
  const dtype = typeof labels[0] === "number" ? "float32" : "int32";
  const images = tf.tensor(flat(some), shapeOf(some), dtype);
  const targets = tf.tensor1d(flat(labels.slice(start, start + examples)), "int32");
  const forward = { training: true, updateStatistics: true };
  const drawUniforms = (rows: number) =>
    draws.labels === undefined
      ? (draws.uniforms?.uniform(rows) ?? new Float32Array(rows).fill(0.5))
      : uniformsFor(model.apply(images, forward), flat(draws.labels));
  try {
    return use({
      examples,
      terms: targets.size,
      evaluate: (request = {}) =>
        evaluateBatch(model, { inputs: images, labels: targets, examples }, request, {
          labelSmoothing,
          forward,
          drawUniforms,
        }),
    });
  } finally {
    images.dispose();
    targets.dispose();
  }
}

/** Uniforms at which inverting the distribution function gives these labels. */
function uniformsFor(logits: tf.Tensor2D, labels: Float32Array): Float32Array {
  const classes = logits.shape[1];
  const probabilities = tf.tidy(() => tf.softmax(logits).dataSync());
  return labels.map((label, row) => {
    let below = 0;
    for (let c = 0; c < label; c++) below += probabilities[row * classes + c] as number;
    return below + (probabilities[row * classes + label] as number) / 2;
  });
}

type Build = (builder: ModelBuilder) => Model["apply"];

const mlp =
  (bias: boolean, activation: (x: tf.Tensor) => tf.Tensor): Build =>
  (builder) => {
    const first = linear(builder, "fc1", { dIn: 6, dOut: 5, bias, place: "first" });
    const head = linear(builder, "fc2", { dIn: 5, dOut: 4, bias, place: "head" });
    return (inputs, pass) => head(activation(first(inputs, pass)), pass) as tf.Tensor2D;
  };

const conv: Build = (builder) => {
  const wide = { channelsIn: 2, channelsOut: 3, kernel: 3, stride: 1, padding: 1 };
  const conv1 = convolution(builder, "conv1", { ...wide, place: "first" });
  const bn1 = batchNorm(builder, "bn1", 3);
  const narrow = { channelsIn: 3, channelsOut: 2, kernel: 2, stride: 2, padding: 0 };
  const conv2 = convolution(builder, "conv2", narrow);
  const fc = linear(builder, "fc", { dIn: 8, dOut: 3, bias: true, place: "head" });
  return (images, pass) => {
    const hidden = conv2(tf.relu(bn1(conv1(images, pass), pass)), pass);
    return fc(tf.reshape(hidden, [-1, 8]), pass) as tf.Tensor2D;
  };
};

const attention: Build = (builder) => {
  const embedding = tokenEmbedding(builder, {
    vocabulary: 5,
    block: 3,
    width: 4,
    initialDeviation: 1,
    tied: false,
  });
  const norm1 = layerNorm(builder, "norm1", { width: 4, epsilon: 1e-5 });
  const attend = selfAttention(builder, {
    width: 4,
    heads: 1,
    names: { qkv: "qkv", projection: "projection" },
    initial: { qkv: {}, projection: {} },
    dropout: 0,
  });
  const norm2 = layerNorm(builder, "norm2", { width: 4, epsilon: 1e-5 });
  const head = linear(builder, "head", { dIn: 4, dOut: 5, bias: false, place: "head" });
  return (ids, pass) => {
    const [count, tokens] = ids.shape as [number, number];
    const x = embedding.apply(ids, pass);
    const sequences = { count, tokens, mask: causalMask(tokens) };
    const mixed = tf.add(x, attend(norm1(x, pass), sequences, pass));
    return head(norm2(mixed, pass), pass) as tf.Tensor2D;
  };
};

const BUILD: Record<SmallModelName, Build> = {
  mlp: mlp(true, tf.tanh),
  "mlp-no-bias": mlp(false, tf.relu),
  conv,
  attention,
};
