/**
 * @file Schedule-Free AdamW and SGD: an average in place of a learning-rate schedule.
 *
 * The gradient g is taken at y, which is what trains; z takes the steps; x, a running average of z,
 * is what is evaluated.
 *   η_t = η·min(1, t/warm-up),  w = (largest η_t so far)²,  c = w/Σw
 *   AdamW  z ← z − η_t·ωy,  v ← β₂v + (1 − β₂)g²,  z ← z − η_t·g/(√(v/(1 − β₂ᵗ)) + ε)
 *   SGD    z ← z − η_t·(g + ωy)
 *   x ← (1 − c)x + cz,   y ← β₁x + (1 − β₁)z
 *
 * Defazio et al. 2024, `facebookresearch/schedule_free`. At a constant rate x is the mean of all z.
 * Batch norm's running moments belong to y: they have to be recomputed at x. 14 FLOPs (SGD 10) and
 * three floats of state per parameter (SGD two).
 */
import * as tf from "@tensorflow/tfjs-core";
import { z } from "zod";
import { defineOptimizer, type OptimizerContext } from "../suite/optimizer/declaration.ts";
import { swapWeights } from "../suite/optimizer/evaluation-weights.ts";
import { type GradientMethod, gradientMethod } from "../suite/optimizer/first-order.ts";
import { clipNorm, hyper, learningRate, weightDecay } from "../suite/optimizer/hyperparameters.ts";
import { logUniform } from "../suite/optimizer/search.ts";
import type { OptimizerState } from "../suite/optimizer/state.ts";

const shared = {
  beta1: hyper(z.number().min(0).lt(1).default(0.9), {
    symbol: "\\beta_1",
    unit: "1",
    description: "where between z (0) and the average x (1) gradients are taken",
  }),
  weightDecay: weightDecay(0),
  clipNorm: clipNorm(),
  warmupSteps: hyper(z.number().int().min(0).default(0), {
    symbol: "T_w",
    unit: "steps",
    description: "steps over which the learning rate rises linearly from 0",
  }),
};

const citation = {
  authors: "Defazio, Yang, Mehta, et al.",
  title: "The Road Less Scheduled",
  year: 2024,
  url: "https://arxiv.org/abs/2405.15682",
};

const AVERAGE_RULE =
  "x \\leftarrow (1-c)x + cz,\\quad c = \\frac{\\eta_t^2}{\\sum_s \\eta_s^2},\\quad y \\leftarrow \\beta_1 x + (1-\\beta_1) z";

export const sfAdamw = defineOptimizer({
  id: "sf-adamw",
  name: "Schedule-Free AdamW",
  family: "first-order",
  version: 1,
  order: 20,
  summary: "AdamW with iterate averaging in place of a schedule and of momentum.",
  rule: [
    "v \\leftarrow \\beta_2 v + (1-\\beta_2) g(y)^2",
    "z \\leftarrow z - \\eta_t\\omega y - \\eta_t\\,\\frac{g(y)}{\\sqrt{v/(1-\\beta_2^t)}+\\varepsilon}",
    AVERAGE_RULE,
  ],
  citation,
  needs: {},
  hyperparameters: z.strictObject({
    learningRate: learningRate(2.5e-3),
    ...shared,
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
  }),
  search: { learningRate: logUniform(2.5e-4, 5e-2) },
  schedule: "constant",
  cost: ({ dIn, dOut }) => ({ update: 14 * dIn * dOut, state: 3 * dIn * dOut }),
  create: gradientMethod((context, state) => {
    const { beta2, epsilon } = context.hyperparameters;
    return scheduleFree(context, state, (name, variable) => {
      const second = state.tensor(`${name}.secondMoment`, () => tf.zerosLike(variable));
      return (gradient, step) => {
        const v = tf.add(tf.mul(second, beta2), tf.mul(tf.square(gradient), 1 - beta2));
        second.assign(v);
        const scale = tf.add(tf.sqrt(tf.div(v, 1 - beta2 ** (step + 1))), epsilon);
        return tf.div(gradient, scale);
      };
    });
  }),
});

export const sfSgd = defineOptimizer({
  id: "sf-sgd",
  name: "Schedule-Free SGD",
  family: "first-order",
  version: 1,
  order: 21,
  summary: "SGD with iterate averaging in place of a schedule and of momentum.",
  rule: ["z \\leftarrow z - \\eta_t\\,(g(y) + \\omega y)", AVERAGE_RULE],
  citation,
  needs: {},
  hyperparameters: z.strictObject({ learningRate: learningRate(1), ...shared }),
  search: { learningRate: logUniform(1e-2, 10) },
  schedule: "constant",
  cost: ({ dIn, dOut }) => ({ update: 10 * dIn * dOut, state: 2 * dIn * dOut }),
  create: gradientMethod((context, state) =>
    scheduleFree(context, state, () => (gradient) => gradient),
  ),
});

interface SharedHyperparameters {
  readonly learningRate: number;
  readonly beta1: number;
  readonly weightDecay: number;
  readonly clipNorm: number;
  readonly warmupSteps: number;
}

/** The direction of z's step, for one parameter. */
type Base = (
  name: string,
  variable: tf.Variable,
) => (gradient: tf.Tensor, step: number) => tf.Tensor;

function scheduleFree<H extends SharedHyperparameters>(
  { parameters, hyperparameters }: OptimizerContext<H>,
  state: OptimizerState,
  base: Base,
): GradientMethod {
  const { beta1, weightDecay: omega, warmupSteps } = hyperparameters;
  const weightSum = state.number("weightSum", 0);
  const largestRate = state.number("largestRate", 0);
  const slots = parameters.map(({ name, variable }) => ({
    y: variable,
    x: state.tensor(`${name}.x`, () => tf.clone(variable)),
    z: state.tensor(`${name}.z`, () => tf.clone(variable)),
    directionOf: base(name, variable),
  }));
  const averages = new Map(parameters.map((one, i) => [one, slots[i]?.x as tf.Variable]));

  return {
    update: ({ gradients, rate: given, step }) => {
      const rate = warmupSteps ? given * Math.min(1, (step + 1) / warmupSteps) : given;
      largestRate.value = Math.max(largestRate.value, rate);
      weightSum.value += largestRate.value ** 2;
      // At a rate of 0 so far nothing has moved, and no average is any different.
      const c = weightSum.value > 0 ? largestRate.value ** 2 / weightSum.value : 0;
      slots.forEach(({ x, y, z, directionOf }, i) => {
        const direction = directionOf(gradients[i] as tf.Tensor, step);
        const decayed = omega ? tf.add(direction, tf.mul(y, omega)) : direction;
        const moved = tf.sub(z, tf.mul(decayed, rate));
        const average = tf.add(tf.mul(x, 1 - c), tf.mul(moved, c));
        z.assign(moved);
        x.assign(average);
        y.assign(tf.add(tf.mul(average, beta1), tf.mul(moved, 1 - beta1)));
      });
    },
    useEvaluationWeights: () =>
      swapWeights(parameters, (parameter) => averages.get(parameter) as tf.Variable),
  };
}
