/** @file Small models with every kind of layer, and a batch for each. */
import * as tf from "@tensorflow/tfjs-core";
import { batchNorm } from "../batch-norm.ts";
import { convolution } from "../convolution.ts";
import { buildGpt } from "../gpt.ts";
import { type Apply, linear } from "../linear.ts";
import { disposeModel, type Model, ModelBuilder } from "../model.ts";
import type { Batch, PassRequest } from "../pass.ts";
import { patchEmbedding } from "../patch-embedding.ts";
import { globalAveragePool } from "../pool.ts";
import { testRandom } from "./support.ts";

export interface Subject {
  readonly model: Model;
  readonly batch: Batch;
}

export function labels(count: number, classes: number): tf.Tensor1D {
  return tf.tensor1d(
    Array.from({ length: count }, (_, i) => (i * 7 + 1) % classes),
    "int32",
  );
}

export const random = (shape: number[], seed: number) =>
  tf.tensor(testRandom(seed).normal(shape.reduce((product, side) => product * side, 1)), shape);

// Softplus instead of ReLU throughout: finite differences need smooth functions.
export function perceptron(): Subject {
  const builder = new ModelBuilder(testRandom());
  const first = linear(builder, "first", { dIn: 5, dOut: 4, bias: true, place: "first" });
  const second = linear(builder, "second", { dIn: 4, dOut: 4, bias: false });
  const head = linear(builder, "head", { dIn: 4, dOut: 3, bias: true, place: "head" });
  const model = builder.build(
    (x, pass) => head(tf.softplus(second(tf.softplus(first(x, pass)), pass)), pass) as tf.Tensor2D,
  );
  return { model, batch: { inputs: random([7, 5], 3), labels: labels(7, 3), examples: 7 } };
}

export function convolutional(normalised: boolean): Subject {
  const builder = new ModelBuilder(testRandom());
  const cut = patchEmbedding(builder, "cut", { channels: 2, patch: 2, width: 3 });
  const channels = { channelsIn: 3, channelsOut: 3 };
  const second = convolution(builder, "second", { ...channels, kernel: 3, stride: 2, padding: 1 });
  const norm: Apply = normalised ? batchNorm(builder, "norm", 3) : (x) => x;
  const head = linear(builder, "head", { dIn: 3, dOut: 4, bias: true, place: "head" });
  const model = builder.build((images, pass) => {
    const n = images.shape[0] as number;
    const hidden = tf.reshape(tf.softplus(cut(images, pass)), [n, 4, 3, 3]);
    const x = tf.softplus(norm(second(hidden, pass), pass));
    return head(globalAveragePool(x), pass) as tf.Tensor2D;
  });
  return { model, batch: { inputs: random([5, 8, 6, 2], 4), labels: labels(5, 4), examples: 5 } };
}

function language(tiedHead: boolean): Subject {
  const size = { layers: 2, heads: 2, width: 4, vocabulary: 5, block: 4, dropout: 0, tiedHead };
  const model = buildGpt(new ModelBuilder(testRandom()), size);
  // Initial weights of 0.02 leave attention uniform: make it choose.
  for (const { variable } of model.parameters) {
    tf.tidy(() => variable.assign(tf.mul(variable, variable.rank > 1 ? 20 : 1)));
  }
  const ids = [3, 1, 0, 2, 4, 4, 1, 3, 0, 2, 2, 1];
  const inputs = tf.tensor(ids, [4, 3], "int32");
  return { model, batch: { inputs, labels: labels(12, 5), examples: 4 } };
}

export const SUBJECTS: Record<string, () => Subject> = {
  "a perceptron": perceptron,
  "a convolutional net": () => convolutional(false),
  "a language model": () => language(false),
  "a language model with a tied head": () => language(true),
};

export const EVERYTHING: PassRequest = {
  inputs: true,
  preactivations: true,
  outputGradients: true,
  sampledOutputGradients: true,
  sampledGradients: true,
};

export const uniforms = (rows: number) => testRandom(9).uniform(rows);

export const OPTIONS = {
  labelSmoothing: 0.1,
  forward: { training: true },
  drawUniforms: uniforms,
};

/** Runs `check` in a tidy and disposes the subject, whatever happens. */
export function withSubject(make: () => Subject, check: (subject: Subject) => void): void {
  const subject = make();
  try {
    tf.tidy(() => check(subject));
  } finally {
    disposeModel(subject.model);
    tf.dispose([subject.batch.inputs, subject.batch.labels]);
  }
}

/** A direction in the space of parameters. */
export function directionOf(model: Model): tf.Tensor[] {
  return model.parameters.map(({ variable }, i) => random(variable.shape, 11 + i));
}
