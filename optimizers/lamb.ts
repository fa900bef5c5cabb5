/**
 * @file LAMB: Adam's direction, every tensor's step scaled to the tensor's own norm.
 *
 *   m ← β₁m + (1 − β₁)g,  v ← β₂v + (1 − β₂)g²
 *   u = (m/(1 − β₁ᵗ)) / (√(v/(1 − β₂ᵗ)) + ε) + ωθ,   θ ← θ − η·(‖θ‖/‖u‖)·u
 *
 * You et al. 2020, for large batches. Norms are per tensor; where one is 0 the ratio is 1. As in the
 * paper m and v are corrected and ‖θ‖ is not clamped (`cybertronai/pytorch-lamb` differs in both).
 * 18 FLOPs, two floats of state per parameter.
 */
import * as tf from "@tensorflow/tfjs-core";
import { z } from "zod";
import { adamDirection, adamNumbers } from "../suite/optimizer/adam-direction.ts";
import { defineOptimizer } from "../suite/optimizer/declaration.ts";
import { firstOrder } from "../suite/optimizer/first-order.ts";
import { clipNorm, hyper, learningRate, weightDecay } from "../suite/optimizer/hyperparameters.ts";
import { logUniform } from "../suite/optimizer/search.ts";

export const lamb = defineOptimizer({
  id: "lamb",
  name: "LAMB",
  family: "large-batch",
  version: 1,
  order: 13,
  summary: "Adam whose step in each tensor is proportional to the tensor's norm.",
  rule: [
    "m \\leftarrow \\beta_1 m + (1-\\beta_1) g,\\quad v \\leftarrow \\beta_2 v + (1-\\beta_2) g^2",
    "u = \\frac{m/(1-\\beta_1^t)}{\\sqrt{v/(1-\\beta_2^t)}+\\varepsilon} + \\omega\\theta",
    "\\theta \\leftarrow \\theta - \\eta\\,\\frac{\\|\\theta\\|}{\\|u\\|}\\,u",
  ],
  citation: {
    authors: "You, Li, Reddi, et al.",
    title: "Large Batch Optimization for Deep Learning: Training BERT in 76 minutes",
    year: 2020,
    url: "https://arxiv.org/abs/1904.00962",
  },
  needs: {},
  hyperparameters: z.strictObject({
    learningRate: learningRate(1e-3),
    beta1: hyper(z.number().min(0).lt(1).default(0.9), {
      symbol: "\\beta_1",
      unit: "1",
      description: "decay of the first moment",
    }),
    beta2: hyper(z.number().min(0).lt(1).default(0.999), {
      symbol: "\\beta_2",
      unit: "1",
      description: "decay of the second moment",
    }),
    epsilon: hyper(z.number().positive().default(1e-6), {
      symbol: "\\varepsilon",
      unit: "gradient",
      description: "added to the root of the second moment",
    }),
    weightDecay: weightDecay(0.01),
    clipNorm: clipNorm(),
  }),
  search: { learningRate: logUniform(3e-4, 3e-1) },
  schedule: "task",
  cost: ({ dIn, dOut }) => ({ update: 18 * dIn * dOut, state: 2 * dIn * dOut }),
  create: firstOrder({
    numbers: (h, { rate, step }) => ({ rate, ...adamNumbers(h, step) }),
    rule: (parameter, { hyperparameters }, state) => {
      const { variable } = parameter;
      const { weightDecay: omega } = hyperparameters;
      const directionOf = adamDirection(parameter, hyperparameters, state);
      return (gradient, numbers) => {
        const direction = directionOf(gradient, numbers);
        const decayed = omega ? tf.add(direction, tf.mul(variable, omega)) : direction;
        const scaled = tf.mul(decayed, tf.mul(trustRatio(variable, decayed), numbers.rate));
        variable.assign(tf.sub(variable, scaled));
      };
    },
  }),
});

/** ‖θ‖/‖u‖, or 1 where either is 0. */
function trustRatio(weights: tf.Tensor, direction: tf.Tensor): tf.Tensor {
  const [size, length] = [tf.norm(weights), tf.norm(direction)];
  const usable = tf.logicalAnd(tf.greater(size, 0), tf.greater(length, 0));
  return tf.where(usable, tf.div(size, length), tf.onesLike(size));
}
