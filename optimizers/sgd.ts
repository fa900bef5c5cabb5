/**
 * @file SGD with heavy-ball momentum, and Nesterov's variant.
 *
 *   g ← g·min(1, c/‖g‖) + ωθ,   b ← μb + g,   θ ← θ − ηb        (Nesterov: θ ← θ − η(g + μb))
 *
 * As `torch.optim.SGD` (the first step has b = g). 4 FLOPs and one float of state per parameter.
 */
import { z } from "zod";
import { defineOptimizer, defineVariant } from "../suite/optimizer/declaration.ts";
import { firstOrder } from "../suite/optimizer/first-order.ts";
import {
  clipNorm,
  hyper,
  learningRate,
  momentum,
  weightDecay,
} from "../suite/optimizer/hyperparameters.ts";
import { momentumStep } from "../suite/optimizer/momentum.ts";
import { logUniform } from "../suite/optimizer/search.ts";

const hyperparameters = z.strictObject({
  learningRate: learningRate(0.1),
  momentum: momentum(),
  weightDecay: weightDecay(1e-5),
  clipNorm: clipNorm(),
  nesterov: hyper(z.boolean().default(false), {
    symbol: "",
    unit: "1",
    description: "look ahead along the momentum before stepping",
  }),
});

export const sgd = defineOptimizer({
  id: "sgd",
  name: "SGD",
  family: "first-order",
  version: 1,
  order: 1,
  summary: "Stochastic gradient descent with momentum.",
  rule: ["b \\leftarrow \\mu b + g + \\omega\\theta", "\\theta \\leftarrow \\theta - \\eta\\, b"],
  citation: {
    authors: "Polyak",
    title: "Some methods of speeding up the convergence of iteration methods",
    year: 1964,
    url: "https://doi.org/10.1016/0041-5553(64)90137-5",
  },
  needs: {},
  hyperparameters,
  search: { learningRate: logUniform(3e-3, 3) },
  paperGrid: { learningRate: [0.3, 0.1, 0.03, 0.01, 0.003, 0.001] },
  schedule: "task",
  cost: ({ dIn, dOut }) => ({ update: 4 * dIn * dOut, state: dIn * dOut }),
  create: firstOrder({
    numbers: (_, { rate }) => ({ rate }),
    rule: (parameter, { hyperparameters }, state) => {
      const move = momentumStep(parameter, hyperparameters, state, hyperparameters.nesterov);
      return (gradient, { rate }) => move(gradient, rate);
    },
  }),
});

export const nesterov = defineVariant(sgd, {
  id: "nesterov",
  name: "Nesterov",
  order: 11,
  summary: "SGD whose step looks ahead along the momentum.",
  rule: [
    "b \\leftarrow \\mu b + g + \\omega\\theta",
    "\\theta \\leftarrow \\theta - \\eta\\,(g + \\omega\\theta + \\mu b)",
  ],
  defaults: { nesterov: true },
});
