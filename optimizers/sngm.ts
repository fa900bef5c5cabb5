/**
 * @file SNGM: stochastic normalized gradient descent with momentum. Every gradient counts for its
 * direction alone; a step's length is the rate's to say.
 *
 *   g ← g/‖g‖ + ωθ,   b ← μb + g,   θ ← θ − ηb                     ‖g‖ over all parameters
 *
 * Zhao et al. 2020, for large batches; there ωθ is part of the gradient that is normalized. SENG of the
 * paper's library comes to this at large batches (`tasks/mnist-mlp/CALIBRATION.md`). The
 * clip, which comes first, changes no direction. 7 FLOPs and one float of state per parameter.
 */
import * as tf from "@tensorflow/tfjs-core";
import { z } from "zod";
import { globalNorm } from "../suite/optimizer/clip.ts";
import { defineOptimizer } from "../suite/optimizer/declaration.ts";
import { gradientMethod } from "../suite/optimizer/first-order.ts";
import { pipelineHyperparameters } from "../suite/optimizer/hyperparameters.ts";
import { momentumStep } from "../suite/optimizer/momentum.ts";
import { logUniform } from "../suite/optimizer/search.ts";

/** Far below any gradient's norm: it keeps 0/0 out. */
const TINY = 1e-12;

export const sngm = defineOptimizer({
  id: "sngm",
  name: "SNGM",
  family: "first-order",
  version: 1,
  order: 10,
  summary: "Momentum SGD whose gradients are scaled to length 1.",
  rule: [
    "b \\leftarrow \\mu b + \\frac{g}{\\|g\\|} + \\omega\\theta",
    "\\theta \\leftarrow \\theta - \\eta\\, b",
  ],
  citation: {
    authors: "Zhao, Shi, Xie, Li",
    title: "Stochastic Normalized Gradient Descent with Momentum for Large-Batch Training",
    year: 2020,
    url: "https://arxiv.org/abs/2007.13985",
  },
  needs: {},
  hyperparameters: z.strictObject(pipelineHyperparameters(0.03)),
  search: { learningRate: logUniform(3e-3, 3) },
  schedule: "task",
  cost: ({ dIn, dOut }) => ({ update: 7 * dIn * dOut, state: dIn * dOut }),
  create: gradientMethod(({ parameters, hyperparameters }, state) => {
    const moves = parameters.map((one) => momentumStep(one, hyperparameters, state));
    return {
      update: ({ gradients, rate }) => {
        const length = tf.add(globalNorm(gradients), TINY);
        moves.forEach((move, i) => {
          move(tf.div(gradients[i] as tf.Tensor, length), rate);
        });
      },
    };
  }),
});
