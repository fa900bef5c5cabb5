/** @file Adam's direction, for methods that scale it further or use it beside their own. */
import * as tf from "@tensorflow/tfjs-core";
import type { Parameter } from "../nn/parameter.ts";
import type { OptimizerState } from "./state.ts";

export interface AdamHyperparameters {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
}

/** What of a step's direction depends on the step alone. */
export interface AdamNumbers<T = number> {
  readonly epsilon: T;
  readonly scale: T;
}

/**
 * Both bias corrections, moved into ε and the scale: two passes over the parameter less.
 *
 * @param step counts from 0; t = step + 1
 */
export function adamNumbers(
  { beta1, beta2, epsilon }: AdamHyperparameters,
  step: number,
  scale = 1,
): AdamNumbers {
  const root = Math.sqrt(1 - beta2 ** (step + 1));
  return { epsilon: epsilon * root, scale: (scale * root) / (1 - beta1 ** (step + 1)) };
}

/**
 * `m ← β₁m + (1 − β₁)g, v ← β₂v + (1 − β₂)g²`; gives `scale·(m/(1 − β₁ᵗ)) / (√(v/(1 − β₂ᵗ)) + ε)` with
 * the step's `adamNumbers`.
 */
export function adamDirection(
  { name, variable }: Parameter,
  { beta1, beta2 }: AdamHyperparameters,
  state: OptimizerState,
): (gradient: tf.Tensor, numbers: AdamNumbers<number | tf.Scalar>) => tf.Tensor {
  const first = state.tensor(`${name}.firstMoment`, () => tf.zerosLike(variable));
  const second = state.tensor(`${name}.secondMoment`, () => tf.zerosLike(variable));
  return (gradient, { epsilon, scale }) => {
    const m = tf.add(tf.mul(first, beta1), tf.mul(gradient, 1 - beta1));
    const v = tf.add(tf.mul(second, beta2), tf.mul(tf.square(gradient), 1 - beta2));
    first.assign(m);
    second.assign(v);
    return tf.mul(tf.div(m, tf.add(tf.sqrt(v), epsilon)), scale);
  };
}
