/**
 * @file LARS: momentum SGD whose rate in each tensor is in proportion to ‖θ‖/‖g‖.
 *
 *   l = κ‖θ‖ / (‖g‖ + ω‖θ‖),   b ← μb + η·l·(g + ωθ),   θ ← θ − b
 *
 * You et al. 2017, for large batches. Norms are per tensor; where one is 0, l = 1. Biases and norm
 * parameters, whose norms mean little, take l = κ and no decay (left at l = 1, as some codes do, they
 * blow up at the rates that κ = 0.001 asks for). 9 FLOPs, one float of state per parameter.
 */
import * as tf from "@tensorflow/tfjs-core";
import { z } from "zod";
import { defineOptimizer } from "../suite/optimizer/declaration.ts";
import { firstOrder } from "../suite/optimizer/first-order.ts";
import {
  clipNorm,
  hyper,
  learningRate,
  momentum,
  weightDecay,
} from "../suite/optimizer/hyperparameters.ts";
import { logUniform } from "../suite/optimizer/search.ts";

export const lars = defineOptimizer({
  id: "lars",
  name: "LARS",
  family: "large-batch",
  version: 1,
  order: 14,
  summary: "Momentum SGD with each tensor's rate in proportion to weight norm over gradient norm.",
  rule: [
    "l = \\frac{\\kappa\\,\\|\\theta\\|}{\\|g\\| + \\omega\\|\\theta\\|}",
    "b \\leftarrow \\mu b + \\eta\\, l\\,(g + \\omega\\theta),\\quad \\theta \\leftarrow \\theta - b",
  ],
  citation: {
    authors: "You, Gitman, Ginsburg",
    title: "Large Batch Training of Convolutional Networks",
    year: 2017,
    url: "https://arxiv.org/abs/1708.03888",
  },
  needs: {},
  hyperparameters: z.strictObject({
    learningRate: learningRate(10),
    momentum: momentum(),
    weightDecay: weightDecay(1e-5),
    trustCoefficient: hyper(z.number().positive().max(1).default(1e-3), {
      symbol: "\\kappa",
      unit: "1",
      description: "share of a tensor's norm that a step of rate 1 moves it by",
    }),
    clipNorm: clipNorm(),
  }),
  search: { learningRate: logUniform(1, 300) },
  schedule: "task",
  cost: ({ dIn, dOut }) => ({ update: 9 * dIn * dOut, state: dIn * dOut }),
  create: firstOrder({
    numbers: (_, { rate }) => ({ rate }),
    rule: ({ name, role, variable }, { hyperparameters }, state) => {
      const { momentum: mu, weightDecay, trustCoefficient } = hyperparameters;
      const buffer = state.tensor(`${name}.momentum`, () => tf.zerosLike(variable));
      const plain = role === "bias" || role === "norm";
      const omega = plain ? 0 : weightDecay;
      return (gradient, { rate }) => {
        const decayed = omega ? tf.add(gradient, tf.mul(variable, omega)) : gradient;
        const trust = plain
          ? trustCoefficient
          : layerRate(variable, gradient, { omega, trustCoefficient });
        const moved = tf.add(tf.mul(buffer, mu), tf.mul(decayed, tf.mul(trust, rate)));
        buffer.assign(moved);
        variable.assign(tf.sub(variable, moved));
      };
    },
  }),
});

/** l, a scalar: 1 where a norm is 0. */
function layerRate(
  weights: tf.Tensor,
  gradient: tf.Tensor,
  { omega, trustCoefficient }: { readonly omega: number; readonly trustCoefficient: number },
): tf.Tensor {
  const [size, slope] = [tf.norm(weights), tf.norm(gradient)];
  const usable = tf.logicalAnd(tf.greater(size, 0), tf.greater(slope, 0));
  const ratio = tf.div(tf.mul(size, trustCoefficient), tf.add(slope, tf.mul(size, omega)));
  return tf.where(usable, ratio, tf.onesLike(ratio));
}
