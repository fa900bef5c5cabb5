/**
 * @file EKFAC: K-FAC's eigenbasis, with variances of its own along every direction of it.
 *
 *   A = h̃ᵀh̃/rows = U_A Λ U_Aᵀ,  B = eᵀe/N = U_B Λ U_Bᵀ     h̃ = [h, 1] [rows, a], e [rows, dOut]
 *   s = mean over terms of ((h̃ U_A)²)ᵀ (e U_B)²               convolution: the square of each
 *                                                              example's sum over positions
 *   P(G̃) = U_A ((U_Aᵀ G̃ U_B) / (s + λ)) U_Bᵀ                  G̃ [a, dOut]: weight, bias below
 *
 * George et al. 2018, `Thrandis/EKFAC-pytorch`. K-FAC scales direction (i, j) by the product of two
 * eigenvalues; s is the exact Fisher block's own diagonal in that basis, so that the approximation is
 * never farther from it. e belongs to labels drawn from the model. A and B are averaged with rate ρ
 * and refresh the bases every `inverseInterval` steps; s is averaged with ρ at every curvature step,
 * across a change of bases too. An embedding's A is diagonal: U_A = I. Norm parameters and tied
 * weights keep their plain gradient.
 *
 * Per layer: 4·rows·(a² + b²) + 4·rows·a·b FLOPs of curvature, 14/3·(a³ + b³) per new basis,
 * 4ab(a + b) per step, for a = dIn, b = dOut. Eigenvectors are computed in float64 JavaScript on
 * every backend, which waits for them.
 */
import * as tf from "@tensorflow/tfjs-core";
import { z } from "zod";
import { inPhase } from "../suite/engine/phase.ts";
import type { Observation } from "../suite/nn/evaluate.ts";
import type { Parameter } from "../suite/nn/parameter.ts";
import { defineOptimizer } from "../suite/optimizer/declaration.ts";
import { eigenbasis } from "../suite/optimizer/eigenbasis.ts";
import type { EventCounters } from "../suite/optimizer/events.ts";
import {
  damping,
  intervalHyperparameters,
  pipelineHyperparameters,
  statisticsHyperparameters,
} from "../suite/optimizer/hyperparameters.ts";
import { curvatureDue, inverseDue, inversesFollowCurvature } from "../suite/optimizer/interval.ts";
import {
  asParameters,
  gradientMatrix,
  inputCovariance,
  inputRows,
  outputCovariance,
  parametersOf,
  type TreatedLayer,
  treatedLayers,
} from "../suite/optimizer/kronecker.ts";
import { type GradientOf, preconditioned } from "../suite/optimizer/pipeline.ts";
import { logUniform } from "../suite/optimizer/search.ts";
import type { OptimizerState } from "../suite/optimizer/state.ts";
import { statistic } from "../suite/optimizer/statistic.ts";

const hyperparameters = z.strictObject({
  ...pipelineHyperparameters(),
  damping: damping(1e-3),
  ...statisticsHyperparameters("ema"),
  ...intervalHyperparameters(1, 10),
});

type Hyperparameters = z.output<typeof hyperparameters>;

export const ekfac = defineOptimizer({
  id: "ekfac",
  name: "EKFAC",
  family: "second-order",
  version: 1,
  order: 22,
  summary: "K-FAC's eigenbasis with the true variances of the gradient along it.",
  rule: [
    "A = U_A\\Lambda_A U_A^\\top,\\quad B = U_B\\Lambda_B U_B^\\top \\quad\\text{(K-FAC's factors)}",
    "s \\leftarrow (1-\\rho)s + \\rho\\,\\tfrac1N\\big((hU_A)^{2}\\big)^\\top (eU_B)^{2}",
    "P(G) = U_A\\,\\frac{U_A^\\top G\\, U_B}{s+\\lambda}\\,U_B^\\top",
  ],
  citation: {
    authors: "George, Laurent, Bouthillier, Ballas, Vincent",
    title: "Fast Approximate Natural Gradient Descent in a Kronecker-factored Eigenbasis",
    year: 2018,
    url: "https://arxiv.org/abs/1806.03884",
  },
  needs: { layerInputs: true, outputGradients: true, sampledLabels: true },
  hyperparameters,
  search: { learningRate: logUniform(1e-3, 1), damping: logUniform(1e-6, 1) },
  schedule: "task",
  cost: ({ dIn: a, dOut: b, rows }) => ({
    curvature: 4 * rows * (a * a + b * b) + 4 * rows * a * b,
    inverse: (14 / 3) * (a ** 3 + b ** 3),
    precondition: 4 * a * b * (a + b),
    state: 2 * (a * a + b * b) + 2 * a * b,
  }),
  create: preconditioned(({ layers: all, hyperparameters: h }, state, events) => {
    const layers = treatedLayers(all, { homogeneous: true });
    const blocks = layers.map((layer) => eigenBlock(layer, h, state, events));
    return {
      treated: parametersOf(layers, "all"),
      request: (info) =>
        curvatureDue(h, info) ? { inputs: true, sampledOutputGradients: true } : {},
      refresh: ({ observations }, { terms }, info) => {
        for (const block of blocks) {
          const observation = observations.get(block.layer) as Observation;
          if (curvatureDue(h, info)) {
            inPhase("curvature", () => block.observe(observation, terms));
          }
          if (inverseDue(h, info)) block.refreshBases();
          if (curvatureDue(h, info)) {
            inPhase("curvature", () => block.observeScales(observation, terms));
          }
        }
      },
      apply: (gradientOf) => new Map(blocks.flatMap((block) => block.apply(gradientOf))),
      diagnose: () => Object.fromEntries(blocks.map((block) => block.condition())),
    };
  }),
});

/** Factors, bases, variances and their use for one layer. */
function eigenBlock(
  treated: TreatedLayer,
  h: Hyperparameters,
  state: OptimizerState,
  events: EventCounters,
) {
  const { layer, diagonal, order } = treated;
  const { name, dOut } = layer;
  const transient = inversesFollowCurvature(h);
  const shapeA = diagonal ? [order] : [order, order];
  const a = statistic(state, `${name}.A`, { ...h, shape: shapeA, transient });
  const b = statistic(state, `${name}.B`, { ...h, shape: [dOut, dOut], transient });
  const scales = statistic(state, `${name}.S`, { ...h, shape: [order, dOut] });
  const basisA = diagonal ? undefined : eigenbasis(state, `${name}.UA`, order, events);
  const basisB = eigenbasis(state, `${name}.UB`, dOut, events);

  return {
    layer,
    observe: (observation: Observation, terms: number) => {
      a.observe(inputCovariance(treated, observation));
      b.observe(outputCovariance(observation.sampledOutputGradients as tf.Tensor2D, terms));
    },
    refreshBases: () => {
      basisA?.refresh(a.estimate() as tf.Tensor2D);
      basisB.refresh(b.estimate() as tf.Tensor2D);
    },
    observeScales: (observation: Observation, terms: number) => {
      const delta = observation.sampledOutputGradients as tf.Tensor2D;
      const along = tf.matMul<tf.Tensor2D>(delta, basisB.vectors);
      scales.observe(tf.mul(variances(treated, observation, along, basisA?.vectors), terms));
    },
    /** Condition number of the damped approximation. */
    condition: (): [string, tf.Tensor] => {
      const eigenvalues = tf.add(scales.estimate(), h.damping);
      return [`condition.${name}.F`, tf.div(tf.max(eigenvalues), tf.min(eigenvalues))];
    },
    apply: (gradientOf: GradientOf): [Parameter, tf.Tensor][] => {
      const gradient = gradientMatrix(treated, gradientOf);
      const left = basisA ? tf.matMul(basisA.vectors, gradient, true, false) : gradient;
      const turned = tf.matMul(left, basisB.vectors);
      // Where nothing was ever seen, undamped: the gradient is 0, and so is the direction.
      const scaled = tf.div(turned, tf.maximum(tf.add(scales.estimate(), h.damping), 1e-30));
      const back = tf.matMul<tf.Tensor2D>(scaled, basisB.vectors, false, true);
      return asParameters(treated, basisA ? tf.matMul(basisA.vectors, back) : back);
    },
  };
}

/** Floats of per-example gradients that are held at once. */
const EXAMPLE_FLOATS = 2 ** 24;

/**
 * Sum over terms of the squared gradient in the basis, `[a, dOut]`, for output gradients that are in
 * it already. A convolution's term is an example: its gradient is a sum over positions.
 */
function variances(
  treated: TreatedLayer,
  observation: Observation,
  along: tf.Tensor2D,
  basisA: tf.Tensor2D | undefined,
): tf.Tensor2D {
  const { layer, order } = treated;
  const { rows, positions } = observation;
  if (!basisA) {
    const ids = tf.reshape(observation.inputs as tf.Tensor, [rows]) as tf.Tensor1D;
    return tf.unsortedSegmentSum(tf.square(along), ids, layer.dIn);
  }
  const inputs = tf.matMul<tf.Tensor2D>(inputRows(treated, observation), basisA);
  if (layer.kind !== "convolution") {
    return tf.matMul(tf.square(inputs), tf.square(along), true, false);
  }
  const examples = rows / positions;
  const h = tf.reshape<tf.Rank.R3>(inputs, [examples, positions, order]);
  const e = tf.reshape<tf.Rank.R3>(along, [examples, positions, layer.dOut]);
  const chunk = Math.max(1, Math.floor(EXAMPLE_FLOATS / (order * layer.dOut)));
  const sums: tf.Tensor2D[] = [];
  for (let start = 0; start < examples; start += chunk) {
    const count = Math.min(chunk, examples - start);
    const part = (x: tf.Tensor3D) => tf.slice3d(x, [start, 0, 0], [count, -1, -1]);
    sums.push(tf.sum(tf.square(tf.matMul(part(h), part(e), true, false)), 0));
  }
  return tf.addN(sums);
}
