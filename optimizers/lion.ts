/**
 * @file Lion: the sign of an interpolated momentum, a rule that a program search found.
 *
 *   θ ← θ(1 − ηω) − η·sign(β₁m + (1 − β₁)g),   m ← β₂m + (1 − β₂)g
 *
 * Chen et al. 2023, as `google/automl`'s `lion`. Every entry moves by η (sign(0) = 0), so η is about
 * a tenth of AdamW's and ω ten times. 8 FLOPs and one float of state per parameter.
 */
import * as tf from "@tensorflow/tfjs-core";
import { z } from "zod";
import { defineOptimizer } from "../suite/optimizer/declaration.ts";
import { firstOrder } from "../suite/optimizer/first-order.ts";
import { clipNorm, hyper, learningRate, weightDecay } from "../suite/optimizer/hyperparameters.ts";
import { logUniform } from "../suite/optimizer/search.ts";

export const lion = defineOptimizer({
  id: "lion",
  name: "Lion",
  family: "first-order",
  version: 1,
  order: 15,
  summary: "The sign of an interpolated momentum: every weight moves by the same amount.",
  rule: [
    "\\theta \\leftarrow (1-\\eta\\omega)\\theta - \\eta\\,\\operatorname{sign}(\\beta_1 m + (1-\\beta_1) g)",
    "m \\leftarrow \\beta_2 m + (1-\\beta_2) g",
  ],
  citation: {
    authors: "Chen, Liang, Huang, et al.",
    title: "Symbolic Discovery of Optimization Algorithms",
    year: 2023,
    url: "https://arxiv.org/abs/2302.06675",
  },
  needs: {},
  hyperparameters: z.strictObject({
    learningRate: learningRate(1e-4),
    beta1: hyper(z.number().min(0).lt(1).default(0.9), {
      symbol: "\\beta_1",
      unit: "1",
      description: "weight of the momentum in the direction",
    }),
    beta2: hyper(z.number().min(0).lt(1).default(0.99), {
      symbol: "\\beta_2",
      unit: "1",
      description: "decay of the momentum",
    }),
    weightDecay: weightDecay(0),
    clipNorm: clipNorm(),
  }),
  search: { learningRate: logUniform(3e-5, 3e-2) },
  schedule: "task",
  cost: ({ dIn, dOut }) => ({ update: 8 * dIn * dOut, state: dIn * dOut }),
  create: firstOrder({
    numbers: (h, { rate }) => ({ rate, kept: 1 - rate * h.weightDecay }),
    rule: ({ name, variable }, { hyperparameters }, state) => {
      const { beta1, beta2, weightDecay: omega } = hyperparameters;
      const momentum = state.tensor(`${name}.momentum`, () => tf.zerosLike(variable));
      return (gradient, { rate, kept }) => {
        const between = tf.add(tf.mul(momentum, beta1), tf.mul(gradient, 1 - beta1));
        momentum.assign(tf.add(tf.mul(momentum, beta2), tf.mul(gradient, 1 - beta2)));
        const weights = omega ? tf.mul(variable, kept) : variable;
        variable.assign(tf.sub(weights, tf.mul(tf.sign(between), rate)));
      };
    },
  }),
});
