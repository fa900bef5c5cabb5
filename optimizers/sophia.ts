/**
 * @file Sophia: momentum divided by an estimate of the Hessian's diagonal, each entry clipped.
 *
 * Every k steps, from step 0 on and before the parameters move:
 *   G   h ← β₂h + (1 − β₂)ĝ²       ĝ: gradient of the mean loss for labels drawn from the model
 *   H   h ← β₂h + (1 − β₂)u∘(Hu)    u ~ N(0, I), H the Hessian of the training loss
 * Every step:
 *   m ← β₁m + (1 − β₁)g,   θ ← θ(1 − ηω)
 *   G   θ ← θ − η·sign(m)·min(1, |m|/(ρBh + 1e-15))         B: terms of the mean loss
 *   H   θ ← θ − η·clip((m/(1 − β₁ᵗ))/max(γh, ε), −1, 1)
 *
 * Liu et al. 2023: G as `Liuhong99/Sophia`, whose ρ belongs to its uncorrected m; H as optax's
 * `contrib.sophia`, with normal probes. g is clipped by its norm, ĝ is not. 12 FLOPs and two floats of
 * state per parameter; every k steps a second backward pass (G) or a Hessian-vector product (H).
 */
import * as tf from "@tensorflow/tfjs-core";
import { z } from "zod";
import { inPhase } from "../suite/engine/phase.ts";
import type { PassRequest } from "../suite/nn/evaluate.ts";
import {
  defineOptimizer,
  type LayerSize,
  type OptimizerContext,
} from "../suite/optimizer/declaration.ts";
import {
  type GradientMethod,
  type GradientStep,
  gradientMethod,
} from "../suite/optimizer/first-order.ts";
import { clipNorm, hyper, learningRate, weightDecay } from "../suite/optimizer/hyperparameters.ts";
import { curvatureDue } from "../suite/optimizer/interval.ts";
import { logUniform } from "../suite/optimizer/search.ts";
import type { OptimizerState } from "../suite/optimizer/state.ts";

const shared = {
  learningRate: learningRate(1e-4),
  beta1: hyper(z.number().min(0).lt(1).default(0.965), {
    symbol: "\\beta_1",
    unit: "1",
    description: "decay of the momentum",
  }),
  beta2: hyper(z.number().min(0).lt(1).default(0.99), {
    symbol: "\\beta_2",
    unit: "1",
    description: "decay of the curvature estimate",
  }),
  weightDecay: weightDecay(0.1),
  clipNorm: clipNorm(),
  curvatureInterval: hyper(z.number().int().positive().default(10), {
    symbol: "k",
    unit: "steps",
    description: "curvature interval",
  }),
};

interface SharedHyperparameters {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly weightDecay: number;
  readonly clipNorm: number;
  readonly curvatureInterval: number;
}

const citation = {
  authors: "Liu, Li, Hall, Liang, Ma",
  title: "Sophia: A Scalable Stochastic Second-order Optimizer for Language Model Pre-training",
  year: 2023,
  url: "https://arxiv.org/abs/2305.14342",
};

export const sophiaG = defineOptimizer({
  id: "sophia-g",
  name: "Sophia-G",
  family: "second-order",
  version: 1,
  order: 16,
  summary: "Clipped momentum over a Gauss-Newton diagonal from sampled labels.",
  rule: [
    "h \\leftarrow \\beta_2 h + (1-\\beta_2)\\,\\hat g^2 \\quad\\text{every } k \\text{ steps},\\qquad m \\leftarrow \\beta_1 m + (1-\\beta_1) g",
    "\\theta \\leftarrow (1-\\eta\\omega)\\theta - \\eta\\operatorname{sign}(m)\\min\\!\\Big(1, \\frac{|m|}{\\rho B h + 10^{-15}}\\Big)",
  ],
  citation,
  needs: { sampledLabels: true },
  hyperparameters: z.strictObject({
    ...shared,
    rho: hyper(z.number().positive().default(0.04), {
      symbol: "\\rho",
      unit: "1/curvature",
      description: "weight of the curvature; larger means that fewer entries are clipped",
    }),
  }),
  search: { learningRate: logUniform(1e-5, 1e-2), rho: logUniform(0.01, 1) },
  schedule: "task",
  cost: (layer) => diagonalCost(layer, 4),
  create: gradientMethod((context, state) => {
    const { rho } = context.hyperparameters;
    return sophia(context, state, {
      request: () => ({ sampledGradients: true }),
      curvature: ({ pass }) => pass.sampledGradients?.map((one) => tf.square(one)) ?? [],
      direction: (m, h, { problem }) => {
        const scaled = tf.add(tf.mul(h, rho * problem.terms), 1e-15);
        return tf.mul(tf.sign(m), tf.minimum(tf.div(tf.abs(m), scaled), 1));
      },
    });
  }),
});

export const sophiaH = defineOptimizer({
  id: "sophia-h",
  name: "Sophia-H",
  family: "second-order",
  version: 1,
  order: 17,
  summary: "Clipped momentum over a Hutchinson estimate of the Hessian's diagonal.",
  rule: [
    "h \\leftarrow \\beta_2 h + (1-\\beta_2)\\, u\\circ Hu,\\ u\\sim\\mathcal N(0,I) \\quad\\text{every } k \\text{ steps},\\qquad m \\leftarrow \\beta_1 m + (1-\\beta_1) g",
    "\\theta \\leftarrow (1-\\eta\\omega)\\theta - \\eta\\operatorname{clip}\\!\\Big(\\frac{m/(1-\\beta_1^t)}{\\max(\\gamma h, \\varepsilon)}, -1, 1\\Big)",
  ],
  citation,
  needs: { hessianVectors: true },
  hyperparameters: z.strictObject({
    ...shared,
    gamma: hyper(z.number().positive().default(0.01), {
      symbol: "\\gamma",
      unit: "1/curvature",
      description: "weight of the curvature; larger means that fewer entries are clipped",
    }),
    epsilon: hyper(z.number().positive().default(1e-8), {
      symbol: "\\varepsilon",
      unit: "1",
      description: "least curvature, where the estimate is smaller or negative",
    }),
  }),
  search: { learningRate: logUniform(1e-5, 1e-2), gamma: logUniform(1e-3, 1) },
  schedule: "task",
  cost: (layer) => diagonalCost(layer, 12),
  create: gradientMethod((context, state) => {
    const { gamma, epsilon, beta1 } = context.hyperparameters;
    const random = context.random("probe");
    let probe: tf.Tensor[] = [];
    return sophia(context, state, {
      request: () => {
        probe = context.parameters.map(({ variable }) =>
          tf.tensor(random.normal(variable.size), variable.shape),
        );
        return { probe };
      },
      curvature: ({ pass }) => probe.map((u, i) => tf.mul(u, pass.hessianVector?.[i] as tf.Tensor)),
      direction: (m, h, { step }) => {
        const corrected = tf.div(m, 1 - beta1 ** (step + 1));
        return tf.clipByValue(tf.div(corrected, tf.maximum(tf.mul(h, gamma), epsilon)), -1, 1);
      },
    });
  }),
});

/** `passes`: the curvature's extra pass, in units of rows·dIn·dOut FLOPs. */
function diagonalCost({ dIn, dOut, rows }: LayerSize, passes: number) {
  const size = dIn * dOut;
  return { curvature: passes * rows * size + 4 * size, update: 12 * size, state: 2 * size };
}

/** Where the two kinds differ. */
interface Estimator {
  /** What the evaluation must show when the curvature is due. */
  request(): PassRequest;
  /** One estimate per parameter, from that evaluation. */
  curvature(step: GradientStep): tf.Tensor[];
  /** What the learning rate multiplies, in [−1, 1]. */
  direction(m: tf.Tensor, h: tf.Tensor, step: GradientStep): tf.Tensor;
}

function sophia<H extends SharedHyperparameters>(
  { parameters, hyperparameters }: OptimizerContext<H>,
  state: OptimizerState,
  { request, curvature, direction }: Estimator,
): GradientMethod {
  const { beta1, beta2, weightDecay: omega } = hyperparameters;
  const slots = parameters.map(({ name, variable }) => ({
    variable,
    momentum: state.tensor(`${name}.momentum`, () => tf.zerosLike(variable)),
    diagonal: state.tensor(`${name}.diagonal`, () => tf.zerosLike(variable)),
  }));
  return {
    request: (info) => (curvatureDue(hyperparameters, info) ? request() : {}),
    update: (step) => {
      if (curvatureDue(hyperparameters, step)) {
        inPhase("curvature", () => {
          curvature(step).forEach((estimate, i) => {
            const { diagonal } = slots[i] as (typeof slots)[number];
            diagonal.assign(tf.add(tf.mul(diagonal, beta2), tf.mul(estimate, 1 - beta2)));
          });
        });
      }
      slots.forEach(({ variable, momentum, diagonal }, i) => {
        const gradient = step.gradients[i] as tf.Tensor;
        const m = tf.add(tf.mul(momentum, beta1), tf.mul(gradient, 1 - beta1));
        momentum.assign(m);
        const kept = omega ? tf.mul(variable, 1 - step.rate * omega) : variable;
        variable.assign(tf.sub(kept, tf.mul(direction(m, diagonal, step), step.rate)));
      });
    },
  };
}
