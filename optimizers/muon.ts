/**
 * @file Muon: momentum, made nearly orthogonal.
 *
 *   b ← b + (1 − μ)(g − b),   u = g + μ(b − g)
 *   X = u/(‖u‖_F + 1e-7);  5 times:  A = XXᵀ,  X ← 3.4445X + (−4.7750A + 2.0315A²)X
 *   θ ← θ(1 − ηω) − η·√max(1, dOut/dIn)·X                    convolution: factor 1
 *
 * Jordan et al. 2024, `KellerJordan/Muon` (there in bfloat16, here in float32). For the weights of
 * linear layers but the head's, and of convolutions but the first, as matrices `[kh·kw·cIn, cOut]`.
 * All else (biases, norms, embeddings and what is tied to them, head, first convolution) goes by
 * AdamW with hyperparameters of its own. Five rounds leave singular values in about [0.68, 1.21], not
 * at 1; singular vectors are kept.
 *
 * 5·(4·s²·l + 2·s³) FLOPs per step, for s = min(dIn, dOut), l = max; one float of state per weight.
 */
import * as tf from "@tensorflow/tfjs-core";
import { z } from "zod";
import { inPhase } from "../suite/engine/phase.ts";
import type { KroneckerLayer, Parameter } from "../suite/nn/parameter.ts";
import { adamDirection, adamNumbers } from "../suite/optimizer/adam-direction.ts";
import { defineOptimizer } from "../suite/optimizer/declaration.ts";
import { gradientMethod } from "../suite/optimizer/first-order.ts";
import {
  clipNorm,
  hyper,
  learningRate,
  momentum,
  weightDecay,
} from "../suite/optimizer/hyperparameters.ts";
import { logUniform } from "../suite/optimizer/search.ts";
import type { OptimizerState } from "../suite/optimizer/state.ts";

const hyperparameters = z.strictObject({
  learningRate: learningRate(0.02),
  momentum: momentum(0.95),
  weightDecay: weightDecay(0),
  clipNorm: clipNorm(),
  adamLearningRate: hyper(z.number().positive().max(1000).default(3e-4), {
    symbol: "\\eta_a",
    unit: "1",
    description: "learning rate of AdamW, which moves all else",
  }),
  adamBeta1: hyper(z.number().min(0).lt(1).default(0.9), {
    symbol: "\\beta_1",
    unit: "1",
    description: "AdamW: decay of the first moment",
  }),
  adamBeta2: hyper(z.number().min(0).lt(1).default(0.95), {
    symbol: "\\beta_2",
    unit: "1",
    description: "AdamW: decay of the second moment",
  }),
  adamEpsilon: hyper(z.number().positive().default(1e-10), {
    symbol: "\\varepsilon",
    unit: "gradient",
    description: "AdamW: added to the root of the second moment",
  }),
  adamWeightDecay: hyper(z.number().min(0).max(1).default(0), {
    symbol: "\\omega_a",
    unit: "1",
    description: "AdamW: weight decay",
  }),
});

type Hyperparameters = z.output<typeof hyperparameters>;

/** Moves one parameter; rates are after the schedule. */
type Move = (gradient: tf.Tensor, rateFactor: number, step: number) => void;

const ROUNDS = 5;

export const muon = defineOptimizer({
  id: "muon",
  name: "Muon",
  family: "orthogonal",
  version: 1,
  order: 19,
  summary:
    "Momentum with its singular values pressed towards 1; AdamW for what is no hidden matrix.",
  rule: [
    "b \\leftarrow b + (1-\\mu)(G - b),\\quad U = G + \\mu(b - G),\\quad X_0 = U/\\|U\\|_F",
    "X_{k+1} = 3.4445\\,X_k + (-4.7750\\,A + 2.0315\\,A^2)X_k,\\quad A = X_kX_k^\\top,\\quad k = 0,\\dots,4",
    "\\theta \\leftarrow (1-\\eta\\omega)\\theta - \\eta\\sqrt{\\max(1, d_{out}/d_{in})}\\;X_5",
  ],
  citation: {
    authors: "Jordan, Jin, Boza, et al.",
    title: "Muon: An optimizer for hidden layers in neural networks",
    year: 2024,
    url: "https://kellerjordan.github.io/posts/muon/",
  },
  needs: {},
  hyperparameters,
  search: { learningRate: logUniform(3e-3, 1), adamLearningRate: logUniform(1e-4, 1e-2) },
  schedule: "task",
  cost: ({ dIn, dOut }) => {
    const [short, long] = [Math.min(dIn, dOut), Math.max(dIn, dOut)];
    return {
      precondition: ROUNDS * (4 * short * short * long + 2 * short ** 3),
      update: 8 * dIn * dOut,
      state: dIn * dOut,
    };
  },
  create: gradientMethod(({ parameters, layers, hyperparameters }, state) => {
    const treated = layers.filter(isHiddenMatrix);
    const layerOf = new Map(treated.map((layer) => [layer.weight, layer]));
    const moves = parameters.map((parameter) => {
      const layer = layerOf.get(parameter);
      return layer
        ? orthogonalMove(layer, hyperparameters, state)
        : adamMove(parameter, hyperparameters, state);
    });
    return {
      treated: treated.map(({ weight }) => weight),
      update: ({ gradients, rateFactor, step }) => {
        moves.forEach((move, i) => {
          move(gradients[i] as tf.Tensor, rateFactor, step);
        });
      },
    };
  }),
});

const isHiddenMatrix = ({ kind, place, tied }: KroneckerLayer): boolean =>
  !tied && place !== "head" && (kind === "linear" || (kind === "convolution" && place !== "first"));

function orthogonalMove(
  { weight, kind, dIn, dOut }: KroneckerLayer,
  { learningRate, momentum: mu, weightDecay: omega }: Hyperparameters,
  state: OptimizerState,
): Move {
  const { name, variable } = weight;
  const buffer = state.tensor(`${name}.momentum`, () => tf.zerosLike(variable));
  const factor = kind === "convolution" ? 1 : Math.sqrt(Math.max(1, dOut / dIn));
  return (gradient, rateFactor) => {
    const rate = learningRate * rateFactor;
    const average = tf.add(buffer, tf.mul(tf.sub(gradient, buffer), 1 - mu));
    buffer.assign(average);
    const ahead = tf.add(gradient, tf.mul(tf.sub(average, gradient), mu));
    const matrix = tf.reshape<tf.Rank.R2>(ahead, [dIn, dOut]);
    const orthogonal = inPhase("precondition", () => orthogonalise(matrix));
    const step = tf.mul(tf.reshape(orthogonal, variable.shape), rate * factor);
    const kept = omega ? tf.mul(variable, 1 - rate * omega) : variable;
    variable.assign(tf.sub(kept, step));
  };
}

/** `[rows, columns]`, its singular values pressed towards 1 by a quintic Newton-Schulz iteration. */
function orthogonalise(matrix: tf.Tensor2D): tf.Tensor2D {
  const [rows, columns] = matrix.shape;
  const wide = rows <= columns;
  let x: tf.Tensor2D = tf.div(matrix, tf.add(tf.norm(matrix), 1e-7));
  for (let round = 0; round < ROUNDS; round++) {
    // The smaller of XXᵀ and XᵀX; from the other side the same polynomial results.
    const gram = tf.matMul<tf.Tensor2D>(x, x, !wide, wide);
    const squared = tf.matMul<tf.Tensor2D>(gram, gram);
    const polynomial: tf.Tensor2D = tf.add(tf.mul(gram, -4.775), tf.mul(squared, 2.0315));
    const product = wide ? tf.matMul(polynomial, x) : tf.matMul(x, polynomial);
    x = tf.add(tf.mul(x, 3.4445), product);
  }
  return x;
}

function adamMove(parameter: Parameter, h: Hyperparameters, state: OptimizerState): Move {
  const { variable } = parameter;
  const betas = { beta1: h.adamBeta1, beta2: h.adamBeta2, epsilon: h.adamEpsilon };
  const directionOf = adamDirection(parameter, betas, state);
  return (gradient, rateFactor, step) => {
    const rate = h.adamLearningRate * rateFactor;
    const moved = tf.mul(directionOf(gradient, adamNumbers(betas, step)), rate);
    const kept = h.adamWeightDecay ? tf.mul(variable, 1 - rate * h.adamWeightDecay) : variable;
    variable.assign(tf.sub(kept, moved));
  };
}
