/** @file Plain update rules, as PyTorch's and optax's are, without Crossover's pipeline around them. */
import * as tf from "@tensorflow/tfjs-core";
import type { Model } from "../../nn/model.ts";

export type Update = (gradients: tf.NamedTensorMap) => void;

const zeros = (variable: tf.Variable) => tf.variable(tf.zerosLike(variable), false);

/** m ← 0.9 m + g,  w ← w − 0.01 m */
export function sgdMomentum({ parameters }: Model): Update {
  const states = parameters.map(({ variable }) => ({ w: variable, m: zeros(variable) }));
  return (gradients) => {
    for (const { w, m } of states) {
      m.assign(tf.add(tf.mul(m, 0.9), gradients[w.name] as tf.Tensor));
      w.assign(tf.sub(w, tf.mul(m, 0.01)));
    }
  };
}

/** Loshchilov & Hutter 2019, with PyTorch's defaults. */
export function adamW({ parameters }: Model): Update {
  const [rate, decay, beta1, beta2, epsilon] = [1e-3, 0.01, 0.9, 0.999, 1e-8];
  const states = parameters.map(({ variable }) => {
    return { w: variable, m: zeros(variable), v: zeros(variable) };
  });
  let step = 0;
  return (gradients) => {
    step++;
    const stepSize = rate / (1 - beta1 ** step);
    const correction = Math.sqrt(1 - beta2 ** step);
    for (const { w, m, v } of states) {
      const g = gradients[w.name] as tf.Tensor;
      m.assign(tf.add(tf.mul(m, beta1), tf.mul(g, 1 - beta1)));
      v.assign(tf.add(tf.mul(v, beta2), tf.mul(tf.square(g), 1 - beta2)));
      const denominator = tf.add(tf.div(tf.sqrt(v), correction), epsilon);
      const moved = tf.mul(tf.div(m, denominator), stepSize);
      w.assign(tf.sub(tf.mul(w, 1 - rate * decay), moved));
    }
  };
}
