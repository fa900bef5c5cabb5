/** @file Compares a model with what PyTorch computed for it; `oracles/seeded.py` is the other half. */
import * as tf from "@tensorflow/tfjs-core";
import { expect } from "vitest";
import { engineCounters, resetEngineCounters } from "../../engine/index.ts";
import { evaluateBatch } from "../evaluate.ts";
import type { Model } from "../model.ts";
import type { Parameter } from "../parameter.ts";
import type { SafeTensor, SafeTensors } from "../safetensors.ts";

export interface ModelOracle {
  /** As PyTorch's modules have them. */
  readonly shapes: Readonly<Record<string, readonly number[]>>;
  readonly parameterCount: number;
  readonly inputShape: readonly number[];
  readonly labels: readonly number[];
  readonly smoothing: number;
  readonly logits: readonly number[];
  readonly loss: number;
  /** Norm, and product with a drawn direction. */
  readonly gradients: Readonly<Record<string, readonly number[]>>;
  readonly products: Readonly<Record<string, readonly number[]>>;
}

const MODULUS = 2_147_483_647;
const MULTIPLIER = 48_271;

/** `count` values in (−1, 1) that depend on the name alone. */
export function drawn(name: string, count: number): Float32Array {
  let state = 1;
  for (const character of name) {
    state = (state * 31 + (character.codePointAt(0) as number)) % (MODULUS - 1);
  }
  state++;
  const values = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    state = (state * MULTIPLIER) % MODULUS;
    values[i] = 2 * (state / MODULUS) - 1;
  }
  return values;
}

const sizeOf = (shape: readonly number[]) => shape.reduce((product, side) => product * side, 1);

/** A file of drawn weights: 1.5/√fanIn for matrices, near 1 for scales. */
export function drawnWeights(shapes: ModelOracle["shapes"]): SafeTensors {
  return {
    source: "drawn weights",
    names: Object.keys(shapes),
    get: (name) => {
      const shape = shapes[name];
      return shape && { shape, values: scaled(name, shape) };
    },
  };
}

function scaled(name: string, shape: readonly number[]): SafeTensor["values"] {
  const values = drawn(name, sizeOf(shape));
  if (shape.length > 1) {
    const factor = Math.fround(1.5 / Math.sqrt(sizeOf(shape.slice(1))));
    return values.map((u) => u * factor);
  }
  const offset = /(weight|running_var)$/.test(name) ? 1 : 0;
  return values.map((u) => offset + 0.125 * u);
}

/** The drawn input of an oracle. */
export function drawnInput(shape: readonly number[]): tf.Tensor {
  return tf.tensor(drawn("input", sizeOf(shape)), [...shape]);
}

/** Largest difference, as a share of the largest value wanted. */
export function relativeError(given: ArrayLike<number>, wanted: ArrayLike<number>): number {
  expect(given.length).toBe(wanted.length);
  let worst = 0;
  let scale = 1e-6;
  for (let i = 0; i < wanted.length; i++) {
    const error = Math.abs((given[i] as number) - (wanted[i] as number));
    worst = error <= worst ? worst : error;
    scale = Math.max(scale, Math.abs(wanted[i] as number));
  }
  return worst / scale;
}

/** How the oracle's module names a parameter that is drawn by name, and orders its axes. */
export interface ModuleLayout {
  readonly seedName?: (name: string) => string;
  readonly linear?: "linear" | "conv1d";
}

/**
 * Checks logits, loss, every gradient and every Hessian-vector product of the mean cross-entropy,
 * all from one evaluation in training mode; that the engine lowered every kernel of it; and that the model
 * does the same whenever it is called, so that passes over it may be repeated without it.
 */
export function expectModel(
  model: Model,
  inputs: tf.Tensor,
  oracle: ModelOracle,
  tolerance: number,
  layout: ModuleLayout = {},
): void {
  resetEngineCounters();
  const trainingPass = { training: true, updateStatistics: false };
  expect(relativeError(model.apply(inputs, trainingPass).dataSync(), oracle.logits)).toBeLessThan(
    tolerance,
  );
  const probe = model.parameters.map((parameter) => drawnLike(parameter, "probe", model, layout));
  const batch = {
    inputs,
    labels: tf.tensor1d([...oracle.labels], "int32"),
    examples: inputs.shape[0] as number,
  };
  const settings = { labelSmoothing: oracle.smoothing, forward: { training: true } };
  const pass = evaluateBatch(model, batch, { probe, repeated: true }, settings);
  expect(pass.loss.dataSync()[0]).toBeCloseTo(oracle.loss, 4);
  const lists = [
    [pass.gradients, oracle.gradients],
    [pass.hessianVector ?? [], oracle.products],
  ] as const;
  for (const [tensors, expected] of lists) {
    expect(tensors.length).toBe(model.parameters.length);
    const largest = Math.max(...Object.values(expected).map(([norm]) => norm as number));
    model.parameters.forEach((parameter, i) => {
      const { name } = parameter;
      const [norm, along] = expected[name] as [number, number];
      const tensor = tensors[i] as tf.Tensor;
      const direction = drawnLike(parameter, "direction", model, layout);
      const [givenNorm] = tf.sqrt(tf.sum(tf.square(tensor))).dataSync();
      const [givenAlong] = tf.sum(tf.mul(tensor, direction)).dataSync();
      // A gradient that is nearly zero by cancellation is only as exact as its neighbours.
      const scale = Math.max(norm, 0.01 * largest) * Math.sqrt(tensor.size);
      expect(Math.abs((givenNorm as number) - norm) / scale, name).toBeLessThan(tolerance);
      expect(Math.abs((givenAlong as number) - along) / scale, name).toBeLessThan(tolerance);
    });
  }
  expect(engineCounters().fallbacks).toEqual({});
  const losses = [1, 2, 3, 4].map(
    () => evaluateBatch(model, batch, { repeated: true }, settings).loss.dataSync()[0],
  );
  expect(new Set(losses).size).toBe(1);
}

/** What the oracle drew for a parameter, with the axes in the model's order. */
function drawnLike(
  { name, variable }: Parameter,
  purpose: "probe" | "direction",
  model: Model,
  { linear = "linear", seedName = (given) => given }: ModuleLayout,
): tf.Tensor {
  const { shape } = variable;
  const values = drawn(`${seedName(name)}:${purpose}`, variable.size);
  const kind = model.layers.find(({ weight }) => weight.name === name)?.kind;
  if (kind === "convolution") {
    const [height, width, channelsIn, channelsOut] = shape as [number, number, number, number];
    return tf.transpose(tf.tensor(values, [channelsOut, channelsIn, height, width]), [2, 3, 1, 0]);
  }
  if (kind === "linear" && linear === "linear") {
    return tf.transpose(tf.tensor(values, [...shape].reverse()));
  }
  return tf.tensor(values, shape);
}
