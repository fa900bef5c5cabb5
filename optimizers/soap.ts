/**
 * @file SOAP: Adam in the eigenbasis of Shampoo's statistics.
 *
 * Per axis i, of size d, of a tensor with two or more axes: statistic S_i and orthogonal basis Q_i.
 * A matrix has L = S_0 and R = S_1; a convolution's four axes get one each.
 *   first call   S_i ← (1 − β₂)G_(i)G_(i)ᵀ,  Q_i its eigenvectors, descending; nothing moves
 *   then   G' = Q_LᵀGQ_R,   m' ← β₁m' + (1 − β₁)G',   v ← β₂v + (1 − β₂)G'²
 *          θ ← θ − η·(√(1 − β₂ᵗ)/(1 − β₁ᵗ))·Q_L(m'/(√v + ε))Q_Rᵀ,   θ ← θ(1 − ηω)
 *          S_i ← β₂S_i + (1 − β₂)G_(i)G_(i)ᵀ
 *   every k updates   columns of Q_i, and v's axes, sorted by diag(Q_iᵀS_iQ_i), descending;
 *          Q_i ← qr(S_iQ_i); m' goes along through the original basis
 *
 * Vyas et al. 2024, `nikhilvyas/SOAP`. t counts updates: the first call is none. Vectors go by Adam,
 * which skips the first call too; axes above `maxDimension` have Q = I.
 *
 * Per matrix: 4ab(a + b) FLOPs per step to rotate, 2ab(a + b) for the statistics, 6(a³ + b³) every k
 * updates; 2(a² + b²) + 2ab floats. The first call's eigenvectors are computed in float64 JavaScript
 * on every backend, which waits for them.
 */
import * as tf from "@tensorflow/tfjs-core";
import { z } from "zod";
import { inPhase } from "../suite/engine/phase.ts";
import { qr } from "../suite/linalg/index.ts";
import type { Parameter } from "../suite/nn/parameter.ts";
import { axisGram } from "../suite/optimizer/axes.ts";
import { defineOptimizer } from "../suite/optimizer/declaration.ts";
import { eigenbasis } from "../suite/optimizer/eigenbasis.ts";
import type { EventCounters } from "../suite/optimizer/events.ts";
import { gradientMethod } from "../suite/optimizer/first-order.ts";
import { clipNorm, hyper, learningRate, weightDecay } from "../suite/optimizer/hyperparameters.ts";
import { basisAxes, rotate } from "../suite/optimizer/rotation.ts";
import { logUniform } from "../suite/optimizer/search.ts";
import type { OptimizerState } from "../suite/optimizer/state.ts";

const hyperparameters = z.strictObject({
  learningRate: learningRate(3e-3),
  beta1: hyper(z.number().min(0).lt(1).default(0.95), {
    symbol: "\\beta_1",
    unit: "1",
    description: "decay of the first moment",
  }),
  beta2: hyper(z.number().min(0).lt(1).default(0.95), {
    symbol: "\\beta_2",
    unit: "1",
    description: "decay of the second moment and of the statistics",
  }),
  epsilon: hyper(z.number().positive().default(1e-8), {
    symbol: "\\varepsilon",
    unit: "gradient",
    description: "added to the root of the second moment",
  }),
  weightDecay: weightDecay(0.01),
  clipNorm: clipNorm(),
  inverseInterval: hyper(z.number().int().positive().default(10), {
    symbol: "k",
    unit: "updates",
    description: "interval of the bases",
  }),
  maxDimension: hyper(z.number().int().positive().default(10000), {
    symbol: "d_{max}",
    unit: "entries",
    description: "axes that are larger keep their own basis",
  }),
  refresh: hyper(z.enum(["qr", "eigh"]).default("qr"), {
    symbol: "",
    unit: "1",
    description: "qr: one step of power iteration from the last basis; eigh: eigenvectors anew",
  }),
});

type Hyperparameters = z.output<typeof hyperparameters>;

export const soap = defineOptimizer({
  id: "soap",
  name: "SOAP",
  family: "second-order",
  version: 1,
  order: 18,
  summary: "Adam in the slowly turning eigenbasis of Shampoo's statistics.",
  rule: [
    "L \\leftarrow \\beta_2 L + (1-\\beta_2) GG^\\top,\\quad R \\leftarrow \\beta_2 R + (1-\\beta_2) G^\\top G,\\quad Q \\leftarrow \\operatorname{qr}(LQ) \\text{ every } k",
    "G' = Q_L^\\top G\\,Q_R,\\quad m \\leftarrow \\beta_1 m + (1-\\beta_1) G',\\quad v \\leftarrow \\beta_2 v + (1-\\beta_2) G'^2",
    "\\theta \\leftarrow (1-\\eta\\omega)\\Big(\\theta - \\eta\\,\\tfrac{\\sqrt{1-\\beta_2^t}}{1-\\beta_1^t}\\; Q_L \\frac{m}{\\sqrt v+\\varepsilon} Q_R^\\top\\Big)",
  ],
  citation: {
    authors: "Vyas, Morwani, Zhao, et al.",
    title: "SOAP: Improving and Stabilizing Shampoo using Adam",
    year: 2024,
    url: "https://arxiv.org/abs/2409.11321",
  },
  needs: {},
  hyperparameters,
  search: { learningRate: logUniform(3e-4, 1e-1) },
  schedule: "task",
  cost: ({ dIn: a, dOut: b }) => ({
    curvature: 2 * a * b * (a + b),
    inverse: 6 * (a ** 3 + b ** 3),
    precondition: 4 * a * b * (a + b),
    update: 12 * a * b,
    state: 2 * (a * a + b * b) + 2 * a * b,
  }),
  create: gradientMethod(({ parameters, hyperparameters: h }, state, events) => {
    const slots = parameters.map((parameter) => rotatedAdam(parameter, h, state, events));
    return {
      treated: parameters.filter((_, i) => slots[i]?.rotated),
      update: ({ gradients, rate, step }) => {
        slots.forEach((slot, i) => {
          const gradient = gradients[i] as tf.Tensor;
          if (step === 0) slot.start(gradient);
          else slot.update(gradient, rate, step);
        });
      },
    };
  }),
});

/** One parameter; t counts its updates from 1. */
function rotatedAdam(
  { name, variable }: Parameter,
  h: Hyperparameters,
  state: OptimizerState,
  events: EventCounters,
) {
  const { beta1, beta2, epsilon, weightDecay: omega } = h;
  // Both in the basis.
  const first = state.tensor(`${name}.firstMoment`, () => tf.zerosLike(variable));
  const second = state.tensor(`${name}.secondMoment`, () => tf.zerosLike(variable));
  const axes = basisAxes(variable.shape, h.maxDimension).map((axis) => {
    const order = variable.shape[axis] as number;
    const statistic = state.tensor(`${name}.S${axis}`, () => tf.zeros([order, order]));
    const basis = eigenbasis(state, `${name}.Q${axis}`, order, events);
    return { axis, statistic: statistic as tf.Variable<tf.Rank.R2>, basis };
  });
  const bases = new Map(axes.map(({ axis, basis }) => [axis, basis.vectors]));
  const back = (x: tf.Tensor) => inPhase("precondition", () => rotate(x, bases, true));

  const observe = (gradient: tf.Tensor) =>
    inPhase("curvature", () => {
      for (const { axis, statistic } of axes) {
        const gram = tf.mul(axisGram(gradient, axis), 1 - beta2);
        statistic.assign(tf.add(tf.mul(statistic, beta2), gram));
      }
    });

  const refresh = () => {
    const moment = back(first);
    let variance: tf.Tensor = second;
    for (const { axis, statistic, basis } of axes) {
      const power = tf.matMul<tf.Tensor2D>(statistic, basis.vectors);
      const estimates = tf.sum(tf.mul(basis.vectors, power), 0);
      const { indices } = tf.topk(estimates, estimates.size);
      variance = tf.gather(variance, indices, axis);
      if (h.refresh === "eigh") basis.refresh(statistic, "descending");
      else {
        const { q, ok } = qr(tf.gather(power, indices, 1));
        basis.replace(q, ok);
      }
    }
    second.assign(variance);
    first.assign(rotate(moment, bases));
  };

  return {
    rotated: axes.length > 0,
    start: (gradient: tf.Tensor) => {
      observe(gradient);
      for (const { statistic, basis } of axes) basis.refresh(statistic, "descending");
    },
    update: (gradient: tf.Tensor, rate: number, t: number) => {
      const turned = inPhase("precondition", () => rotate(gradient, bases));
      const m = tf.add(tf.mul(first, beta1), tf.mul(turned, 1 - beta1));
      const v = tf.add(tf.mul(second, beta2), tf.mul(tf.square(turned), 1 - beta2));
      first.assign(m);
      second.assign(v);
      const size = (rate * Math.sqrt(1 - beta2 ** t)) / (1 - beta1 ** t);
      const direction = back(tf.div(m, tf.add(tf.sqrt(v), epsilon)));
      const moved = tf.sub(variable, tf.mul(direction, size));
      variable.assign(omega ? tf.mul(moved, 1 - rate * omega) : moved);
      observe(gradient);
      if (axes.length > 0 && t % h.inverseInterval === 0) inPhase("inverse", refresh);
    },
  };
}
