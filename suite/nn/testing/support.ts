/** @file What the tests of layers and models share. */
import * as tf from "@tensorflow/tfjs-core";
import { expect } from "vitest";
import type { Model, ModelBuilder } from "../model.ts";
import type { RandomSource } from "../random.ts";

/** Every backend that runs on any machine. */
export const TESTED_BACKENDS = ["reference", "onnxruntime"] as const;

export interface OracleTensor {
  readonly shape: number[];
  readonly values: number[];
}

/** A seeded source: a multiplicative congruential generator, and Box and Muller's transform. */
export function testRandom(seed = 1): RandomSource {
  let state = seed;
  const next = () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
  const gaussian = () => Math.sqrt(-2 * Math.log(next())) * Math.cos(2 * Math.PI * next());
  return {
    uniform: (count) => Float32Array.from({ length: count }, next),
    normal: (count) => Float32Array.from({ length: count }, gaussian),
  };
}

/** For models that are given their weights. */
export const NO_RANDOM: RandomSource = {
  uniform: (count) => new Float32Array(count),
  normal: (count) => new Float32Array(count),
};

export function tensorFrom({ shape, values }: OracleTensor, dtype?: "int32"): tf.Tensor {
  return tf.tensor(values, shape, dtype);
}

/** Sets parameters and buffers by name. */
export function setValues(
  target: Model | ModelBuilder,
  values: Readonly<Record<string, OracleTensor>>,
): void {
  for (const { name, variable } of [...target.parameters, ...target.buffers]) {
    const value = values[name];
    if (value) tf.tidy(() => variable.assign(tensorFrom(value)));
  }
}

/** Within `tolerance` of the largest expected magnitude. */
export function expectClose(
  actual: tf.Tensor,
  expected: OracleTensor | tf.Tensor,
  tolerance = 2e-5,
): void {
  const given = actual.dataSync();
  const wanted = expected instanceof tf.Tensor ? expected.dataSync() : expected.values;
  expect(actual.shape).toEqual(expected.shape);
  const scale = Math.max(1e-3, ...Array.from(wanted, Math.abs));
  let worst = 0;
  for (let i = 0; i < wanted.length; i++) {
    const error = Math.abs((given[i] as number) - (wanted[i] as number));
    worst = error <= worst ? worst : error;
  }
  expect(worst / scale).toBeLessThanOrEqual(tolerance);
}

/** Norm of the difference over all tensors together, as a share of the wanted ones' norm. */
export function relativeDistance(
  given: readonly tf.Tensor[],
  wanted: readonly tf.Tensor[],
): number {
  expect(given.length).toBe(wanted.length);
  const norm = (list: readonly tf.Tensor[]) =>
    Math.sqrt(list.reduce((sum, x) => sum + (tf.sum(tf.square(x)).dataSync()[0] as number), 0));
  return norm(given.map((x, i) => tf.sub(x, wanted[i] as tf.Tensor))) / norm(wanted);
}
