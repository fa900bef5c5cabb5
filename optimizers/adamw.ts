/**
 * @file AdamW: Adam with decoupled weight decay; and Adam, whose decay is part of the gradient.
 *
 *   θ ← θ(1 − ηω),  m ← β₁m + (1 − β₁)g,  v ← β₂v + (1 − β₂)g²
 *   θ ← θ − η · (m/(1 − β₁ᵗ)) / (√(v/(1 − β₂ᵗ)) + ε)
 *
 * Loshchilov & Hutter 2019; Kingma & Ba 2015 (adam: g ← g + ωθ instead of the first line). ε stands
 * outside the root; bias corrections are computed in float64. 12 FLOPs, two floats per parameter.
 */
import * as tf from "@tensorflow/tfjs-core";
import { z } from "zod";
import { adamDirection, adamNumbers } from "../suite/optimizer/adam-direction.ts";
import { defineOptimizer, defineVariant } from "../suite/optimizer/declaration.ts";
import { firstOrder } from "../suite/optimizer/first-order.ts";
import { clipNorm, hyper, learningRate, weightDecay } from "../suite/optimizer/hyperparameters.ts";
import { choice, logUniform } from "../suite/optimizer/search.ts";

const hyperparameters = z.strictObject({
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
  epsilon: hyper(z.number().positive().default(1e-8), {
    symbol: "\\varepsilon",
    unit: "gradient",
    description: "added to the root of the second moment",
  }),
  weightDecay: weightDecay(0.01),
  decoupled: hyper(z.boolean().default(true), {
    symbol: "",
    unit: "1",
    description: "decay the weights themselves rather than through the gradient",
  }),
  clipNorm: clipNorm(),
});

export const adamw = defineOptimizer({
  id: "adamw",
  name: "AdamW",
  family: "first-order",
  version: 1,
  order: 2,
  summary: "Adaptive moments with decoupled weight decay.",
  rule: [
    "m \\leftarrow \\beta_1 m + (1-\\beta_1) g,\\quad v \\leftarrow \\beta_2 v + (1-\\beta_2) g^2",
    "\\theta \\leftarrow (1-\\eta\\omega)\\theta - \\eta\\,\\frac{m/(1-\\beta_1^t)}{\\sqrt{v/(1-\\beta_2^t)}+\\varepsilon}",
  ],
  citation: {
    authors: "Loshchilov, Hutter",
    title: "Decoupled Weight Decay Regularization",
    year: 2019,
    url: "https://arxiv.org/abs/1711.05101",
  },
  needs: {},
  hyperparameters,
  search: { learningRate: logUniform(1e-4, 1e-1), epsilon: choice(1e-8, 1e-3) },
  paperGrid: {
    learningRate: [0.3, 0.1, 0.03, 0.01, 0.003, 0.001],
    epsilon: [1, 1e-3, 1e-6, 1e-9],
  },
  schedule: "task",
  cost: ({ dIn, dOut }) => ({ update: 12 * dIn * dOut, state: 2 * dIn * dOut }),
  create: firstOrder({
    numbers: (h, { rate, step }) => ({
      kept: 1 - rate * h.weightDecay,
      ...adamNumbers(h, step, rate),
    }),
    rule: (parameter, { hyperparameters }, state) => {
      const { weightDecay: omega, decoupled } = hyperparameters;
      const { variable } = parameter;
      const directionOf = adamDirection(parameter, hyperparameters, state);
      return (raw, numbers) => {
        const gradient = decoupled || !omega ? raw : tf.add(raw, tf.mul(variable, omega));
        const kept = decoupled && omega ? tf.mul(variable, numbers.kept) : variable;
        variable.assign(tf.sub(kept, directionOf(gradient, numbers)));
      };
    },
  }),
});

export const adam = defineVariant(adamw, {
  id: "adam",
  name: "Adam",
  order: 12,
  summary: "Adaptive moments with weight decay inside the gradient.",
  rule: [
    "g \\leftarrow g + \\omega\\theta",
    "m \\leftarrow \\beta_1 m + (1-\\beta_1) g,\\quad v \\leftarrow \\beta_2 v + (1-\\beta_2) g^2",
    "\\theta \\leftarrow \\theta - \\eta\\,\\frac{m/(1-\\beta_1^t)}{\\sqrt{v/(1-\\beta_2^t)}+\\varepsilon}",
  ],
  defaults: { decoupled: false, weightDecay: 1e-5 },
});
