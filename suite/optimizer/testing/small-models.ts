/**
 * @file The four small models of `optimizers/oracles/models.json`, on tfjs: an MLP with biases and
 * one without, a convolutional net, and a transformer block with embedding and layer norms.
 */
import { readFileSync } from "node:fs";
import * as tf from "@tensorflow/tfjs-core";
import { evaluateBatch } from "../../nn/evaluate.ts";
import { type ForwardPass, type Model, ModelBuilder } from "../../nn/model.ts";
import type { KroneckerLayer, Parameter, ParameterRole } from "../../nn/parameter.ts";
import { extractPatches, type Window } from "../../nn/patches.ts";
import type { RandomSource } from "../../nn/random.ts";
import type { Problem } from "../problem.ts";
import { flat, type Nested, shapeOf } from "./nested.ts";

export const SMALL_MODELS = ["mlp", "mlp-no-bias", "conv", "attention"] as const;
export type SmallModelName = (typeof SMALL_MODELS)[number];

interface ModelRecord {
  readonly layers: readonly {
    readonly name: string;
    readonly kind: KroneckerLayer["kind"];
    readonly dIn: number;
    readonly dOut: number;
    readonly bias: boolean;
    readonly place: KroneckerLayer["place"];
  }[];
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

const path = new URL("../../../optimizers/oracles/models.json", import.meta.url);
const RECORDS: Record<SmallModelName, ModelRecord> = JSON.parse(readFileSync(path, "utf8")).models;

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
  const builder = new ModelBuilder({ uniform: unused, normal: unused });
  const parameters = new Map(
    Object.entries(record.parameters).map(([key, values]) => [
      key,
      builder.parameter(key, roleOf(key), shapeOf(values), flat(values)),
    ]),
  );
  const layers = new Map(
    record.layers.map(({ bias, ...rest }) => {
      const weight = parameters.get(`${rest.name}.weight`) as Parameter;
      const biased = bias && { bias: parameters.get(`${rest.name}.bias`) as Parameter };
      return [rest.name, builder.layer({ ...rest, weight, ...biased, tied: false })];
    }),
  );
  const parts: Parts = {
    layer: (key) => layers.get(key) as KroneckerLayer,
    variable: (key) => (parameters.get(key) as Parameter).variable,
  };
  const model = builder.build((inputs, pass) => FORWARD[name](parts, inputs, pass));
  return {
    name,
    model,
    record,
    withBatch: (step, use, draws = {}) => withBatch(model, record, step, use, draws),
    dispose: () => {
      for (const { variable } of model.parameters) variable.dispose();
    },
  };
}

function unused(): never {
  throw new Error("The oracle gives all initial values.");
}

function roleOf(name: string): ParameterRole {
  if (name.startsWith("norm")) return "norm";
  if (name.startsWith("embedding")) return "embedding";
  return name.endsWith(".bias") ? "bias" : "weight";
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

/** The model's layers and parameters by name. */
interface Parts {
  layer(name: string): KroneckerLayer;
  variable(name: string): tf.Variable;
}

type Forward = (parts: Parts, inputs: tf.Tensor, pass: ForwardPass) => tf.Tensor2D;

/** `x W (+ b)` for x `[rows, dIn]`; a convolution's weight flattened. */
function affine(parts: Parts, name: string, x: tf.Tensor, pass: ForwardPass): tf.Tensor2D {
  const layer = parts.layer(name);
  const { dIn, dOut, weight, bias } = layer;
  const matrix = tf.reshape(weight.variable, [dIn, dOut]) as tf.Tensor2D;
  const product = tf.matMul(x as tf.Tensor2D, matrix);
  const preactivation = bias ? tf.add(product, bias.variable) : product;
  pass.observe?.(layer, x, preactivation, (input) => input);
  return preactivation as tf.Tensor2D;
}

function convolve(
  parts: Parts,
  name: string,
  images: tf.Tensor,
  window: Window,
  pass: ForwardPass,
): tf.Tensor4D {
  const [n = 1, side = 1] = images.shape;
  const out = Math.floor((side + 2 * window.padding - window.kernel) / window.stride) + 1;
  const rows = affine(parts, name, extractPatches(images as tf.Tensor4D, window), pass);
  return tf.reshape(rows, [n, out, out, parts.layer(name).dOut]);
}

function norm({ variable }: Parts, name: string, x: tf.Tensor): tf.Tensor2D {
  const centred = tf.sub(x, tf.mean(x, -1, true));
  const variance = tf.mean(tf.square(centred), -1, true);
  const standard = tf.mul(centred, tf.rsqrt(tf.add(variance, 1e-5)));
  return tf.add(tf.mul(standard, variable(`${name}.gamma`)), variable(`${name}.beta`));
}

const mlp =
  (activation: (x: tf.Tensor2D) => tf.Tensor2D): Forward =>
  (parts, inputs, pass) =>
    affine(parts, "fc2", activation(affine(parts, "fc1", inputs, pass)), pass);

const conv: Forward = (parts, inputs, pass) => {
  const first = convolve(parts, "conv1", inputs, { kernel: 3, stride: 1, padding: 1 }, pass);
  const window = { kernel: 2, stride: 2, padding: 0 };
  const second = convolve(parts, "conv2", tf.relu(first), window, pass);
  return affine(parts, "fc", tf.reshape(second, [inputs.shape[0] ?? 1, 8]), pass);
};

const attention: Forward = (parts, inputs, pass) => {
  const [n, tokens] = inputs.shape as [number, number];
  const table = parts.layer("embedding");
  const ids = tf.reshape(inputs, [n * tokens]);
  const x = tf.gather(table.weight.variable, ids as tf.Tensor1D);
  pass.observe?.(table, ids, x, (input) => input);
  const qkv = affine(parts, "qkv", norm(parts, "norm1", x), pass);
  const [query, key, value] = tf
    .split(qkv, 3, 1)
    .map((part) => tf.reshape(part, [n, tokens, 4])) as [tf.Tensor, tf.Tensor, tf.Tensor];
  const future = tf.tensor2d([0, -1e9, -1e9, 0, 0, -1e9, 0, 0, 0], [tokens, tokens]);
  const scores = tf.add(tf.div(tf.matMul(query, key, false, true), 2), future);
  const mixed = tf.reshape(tf.matMul(tf.softmax(scores), value), [n * tokens, 4]);
  const added = tf.add(x, affine(parts, "projection", mixed, pass));
  return affine(parts, "head", norm(parts, "norm2", added), pass);
};

const FORWARD: Record<SmallModelName, Forward> = {
  mlp: mlp(tf.tanh),
  "mlp-no-bias": mlp(tf.relu),
  conv,
  attention,
};
