/**
 * @file SPlus: the sign of the momentum in Shampoo's eigenbasis, evaluated at an average of weights.
 *
 *   m ← β₁m + (1 − β₁)G
 *   matrices  U = Q_L·sign(Q_LᵀmQ_R)·Q_Rᵀ,  rate η·2/(dIn + dOut)      others  U = sign(m),  rate η/1000
 *   θ ← θ − rate·U,   average ← r·average + (1 − r)θ,   θ ← θ(1 − rate·ω)
 *   L ← β₂L + (1 − β₂)GGᵀ,  R ← β₂R + (1 − β₂)GᵀG
 *   after the first update and every k-th   Q_L, Q_R ← eigenvectors of L and R (before: I)
 *
 * Frans, Levine & Abbeel 2025. Evaluated at average/(1 − rᵗ); batch norm's running moments have to be
 * computed again there. As the paper's text; its printed code has 1/(2(m + n)) for 2/(m + n). The
 * paper's ridge on L and R (1e-30) moves no eigenvector and is left out. Matrices are all tensors with
 * two axes: of a convolution's weights, which have four, only signs are taken. Axes above
 * `maxDimension` keep Q = I. In a direction that never has a gradient the sign is rounding's: a
 * softmax layer has one.
 *
 * Per matrix: 4ab(a + b) FLOPs per step to rotate, 2ab(a + b) for the statistics, 14/3·(a³ + b³) every
 * k updates; 2(a² + b²) + 2ab floats. Eigenvectors are computed in float64 JavaScript on every
 * backend, which waits for them.
 */
import * as tf from "@tensorflow/tfjs-core";
import { z } from "zod";
import { inPhase } from "../suite/engine/phase.ts";
import type { Parameter } from "../suite/nn/parameter.ts";
import { axisGram } from "../suite/optimizer/axes.ts";
import { defineOptimizer } from "../suite/optimizer/declaration.ts";
import { eigenbasis } from "../suite/optimizer/eigenbasis.ts";
import { swapWeights } from "../suite/optimizer/evaluation-weights.ts";
import type { EventCounters } from "../suite/optimizer/events.ts";
import { gradientMethod } from "../suite/optimizer/first-order.ts";
import { clipNorm, hyper, learningRate, weightDecay } from "../suite/optimizer/hyperparameters.ts";
import { basisAxes, rotate } from "../suite/optimizer/rotation.ts";
import { logUniform } from "../suite/optimizer/search.ts";
import type { OptimizerState } from "../suite/optimizer/state.ts";

const hyperparameters = z.strictObject({
  learningRate: learningRate(0.1),
  beta1: hyper(z.number().min(0).lt(1).default(0.9), {
    symbol: "\\beta_1",
    unit: "1",
    description: "decay of the momentum",
  }),
  beta2: hyper(z.number().min(0).lt(1).default(0.999), {
    symbol: "\\beta_2",
    unit: "1",
    description: "decay of the statistics",
  }),
  averageRate: hyper(z.number().min(0).lt(1).default(0.999), {
    symbol: "r",
    unit: "1",
    description: "decay of the average of weights that is evaluated",
  }),
  weightDecay: weightDecay(0.01),
  clipNorm: clipNorm(),
  inverseInterval: hyper(z.number().int().positive().default(100), {
    symbol: "k",
    unit: "updates",
    description: "interval of the bases",
  }),
  maxDimension: hyper(z.number().int().positive().default(10000), {
    symbol: "d_{max}",
    unit: "entries",
    description: "axes that are larger keep their own basis",
  }),
});

type Hyperparameters = z.output<typeof hyperparameters>;

/** The rate of what is no matrix, over η. */
const VECTOR_SHARE = 1e-3;

export const splus = defineOptimizer({
  id: "splus",
  name: "SPlus",
  family: "second-order",
  version: 1,
  order: 23,
  summary: "Signs of the momentum in Shampoo's eigenbasis, evaluated at averaged weights.",
  rule: [
    "m \\leftarrow \\beta_1 m + (1-\\beta_1) G,\\quad L \\leftarrow \\beta_2 L + (1-\\beta_2) GG^\\top,\\quad R \\leftarrow \\beta_2 R + (1-\\beta_2) G^\\top G",
    "\\theta \\leftarrow \\theta - \\eta\\,\\tfrac{2}{d_{in}+d_{out}}\\; Q_L\\operatorname{sign}(Q_L^\\top m\\, Q_R)\\,Q_R^\\top",
    "\\bar\\theta \\leftarrow r\\,\\bar\\theta + (1-r)\\,\\theta,\\quad \\text{evaluated at } \\bar\\theta/(1-r^t)",
  ],
  citation: {
    authors: "Frans, Levine, Abbeel",
    title: "A Stable Whitening Optimizer for Efficient Neural Network Training",
    year: 2025,
    url: "https://arxiv.org/abs/2506.07254",
  },
  needs: {},
  hyperparameters,
  search: { learningRate: logUniform(1e-2, 1) },
  schedule: "task",
  cost: ({ dIn: a, dOut: b }) => ({
    curvature: 2 * a * b * (a + b),
    inverse: (14 / 3) * (a ** 3 + b ** 3),
    precondition: 4 * a * b * (a + b),
    update: 11 * a * b,
    state: 2 * (a * a + b * b) + 2 * a * b,
  }),
  create: gradientMethod(({ parameters, hyperparameters: h }, state, events) => {
    const updates = state.number("updates", 0);
    const slots = new Map(
      parameters.map((one) => [one, whitenedSigns(one, h, state, events)] as const),
    );
    const averageOf = (parameter: Parameter) => slots.get(parameter)?.average as tf.Variable;
    return {
      treated: parameters.filter((one) => slots.get(one)?.rotated),
      update: ({ gradients, rate }) => {
        updates.value++;
        const refresh = updates.value === 1 || updates.value % h.inverseInterval === 0;
        [...slots.values()].forEach((slot, i) => {
          slot.update(gradients[i] as tf.Tensor, rate);
          if (refresh) slot.refresh();
        });
      },
      useEvaluationWeights: () => {
        const weight = 1 - h.averageRate ** updates.value;
        return swapWeights(parameters, (parameter) =>
          updates.value > 0 ? tf.div(averageOf(parameter), weight) : parameter.variable,
        );
      },
    };
  }),
});

/** One parameter. */
function whitenedSigns(
  { name, variable }: Parameter,
  { beta1, beta2, averageRate, weightDecay: omega, maxDimension }: Hyperparameters,
  state: OptimizerState,
  events: EventCounters,
) {
  const momentum = state.tensor(`${name}.momentum`, () => tf.zerosLike(variable));
  const average = state.tensor(`${name}.average`, () => tf.zerosLike(variable));
  const isMatrix = variable.rank === 2;
  const share = isMatrix ? 2 / variable.shape.reduce((sum, d) => sum + d, 0) : VECTOR_SHARE;
  const axes = isMatrix ? basisAxes(variable.shape, maxDimension) : [];
  const sides = axes.map((axis) => {
    const order = variable.shape[axis] as number;
    const statistic = state.tensor(`${name}.S${axis}`, () => tf.zeros([order, order]));
    const basis = eigenbasis(state, `${name}.Q${axis}`, order, events);
    return { axis, statistic: statistic as tf.Variable<tf.Rank.R2>, basis };
  });
  const bases = new Map(sides.map(({ axis, basis }) => [axis, basis.vectors]));

  const observe = (gradient: tf.Tensor) => {
    for (const { axis, statistic } of sides) {
      const gram = tf.mul(axisGram(gradient, axis), 1 - beta2);
      statistic.assign(tf.add(tf.mul(statistic, beta2), gram));
    }
  };

  return {
    average,
    rotated: sides.length > 0,
    update: (gradient: tf.Tensor, rate: number) => {
      const m = tf.add(tf.mul(momentum, beta1), tf.mul(gradient, 1 - beta1));
      momentum.assign(m);
      const direction = inPhase("precondition", () =>
        rotate(tf.sign(rotate(m, bases)), bases, true),
      );
      const moved = tf.sub(variable, tf.mul(direction, rate * share));
      average.assign(tf.add(tf.mul(average, averageRate), tf.mul(moved, 1 - averageRate)));
      variable.assign(omega ? tf.mul(moved, 1 - rate * share * omega) : moved);
      inPhase("curvature", () => observe(gradient));
    },
    refresh: () => {
      for (const { statistic, basis } of sides) basis.refresh(statistic);
    },
  };
}
