/**
 * @file K-FAC: each layer's Fisher block as a Kronecker product, inverted factor by factor.
 *
 *   A = hᵀh/rows,  B = eᵀe/N                h [rows, dIn], e [rows, dOut] of the summed loss
 *   π = √((tr A/dIn)/(tr B/dOut)),  λ_A = √λ·π,  λ_B = √λ/π
 *   P(G) = (A + λ_A I)⁻¹ G (B + λ_B I)⁻¹,   bias: g_b (B + λ_B I)⁻¹        G [dIn, dOut]
 *
 * Martens & Grosse 2015; convolutions Grosse & Martens 2016 (rows are patches). e belongs to labels
 * drawn from the model: the true Fisher, one sample. `kfac` remembers its factors ("global" in the
 * paper), `kfac-local` takes the last batch's. Norm parameters and tied weights keep their plain
 * gradient; an embedding's A is diagonal.
 *
 * Per layer: 2·rows·(a² + b²) + 2·rows·a·b FLOPs of curvature, a³ + b³ per inverse, 2ab(a + b) per
 * step, for a = dIn, b = dOut.
 */
import * as tf from "@tensorflow/tfjs-core";
import { z } from "zod";
import { inPhase } from "../suite/engine/phase.ts";
import { spdInverse } from "../suite/linalg/index.ts";
import type { Observation } from "../suite/nn/evaluate.ts";
import type { KroneckerLayer } from "../suite/nn/parameter.ts";
import { defineOptimizer, defineVariant } from "../suite/optimizer/declaration.ts";
import type { EventCounters } from "../suite/optimizer/events.ts";
import {
  damping,
  intervalHyperparameters,
  pipelineHyperparameters,
  statisticsHyperparameters,
} from "../suite/optimizer/hyperparameters.ts";
import { curvatureDue, inverseDue } from "../suite/optimizer/interval.ts";
import {
  asMatrix,
  inputCovariance,
  outputCovariance,
  type StatisticHyperparameters,
  statistic,
} from "../suite/optimizer/kronecker.ts";
import { preconditioned } from "../suite/optimizer/pipeline.ts";
import { logUniform } from "../suite/optimizer/search.ts";
import type { OptimizerState } from "../suite/optimizer/state.ts";

const hyperparameters = z.strictObject({
  ...pipelineHyperparameters(),
  damping: damping(1e-3),
  ...statisticsHyperparameters("ema"),
  ...intervalHyperparameters(),
});

export const kfac = defineOptimizer({
  id: "kfac",
  name: "K-FAC",
  family: "second-order",
  version: 1,
  order: 3,
  summary: "Natural gradient with Kronecker-factored Fisher blocks, averaged over batches.",
  rule: [
    "A \\leftarrow (1-\\rho)A + \\rho\\, h^\\top h/\\mathrm{rows},\\quad B \\leftarrow (1-\\rho)B + \\rho\\, e^\\top e/N",
    "\\pi = \\sqrt{\\tfrac{\\operatorname{tr}A/d_{in}}{\\operatorname{tr}B/d_{out}}},\\quad P(G) = (A+\\sqrt\\lambda\\,\\pi I)^{-1}\\, G\\, (B+\\sqrt\\lambda\\,\\pi^{-1} I)^{-1}",
  ],
  citation: {
    authors: "Martens, Grosse",
    title: "Optimizing Neural Networks with Kronecker-factored Approximate Curvature",
    year: 2015,
    url: "https://arxiv.org/abs/1503.05671",
  },
  needs: { layerInputs: true, outputGradients: true, sampledLabels: true },
  hyperparameters,
  search: { learningRate: logUniform(1e-3, 1), damping: logUniform(1e-6, 1) },
  paperGrid: {
    learningRate: [0.3, 0.1, 0.03, 0.01, 0.003, 0.001],
    damping: [1, 1e-3, 1e-6, 1e-9],
  },
  schedule: "task",
  cost: ({ dIn: a, dOut: b, rows }) => ({
    curvature: 2 * rows * (a * a + b * b) + 2 * rows * a * b,
    inverse: a ** 3 + b ** 3,
    precondition: 2 * a * b * (a + b),
    state: 2 * (a * a + b * b) + a * b,
  }),
  create: preconditioned((context, state, events) => {
    const h = context.hyperparameters;
    const blocks = context.layers
      .filter((layer) => !layer.tied)
      .map((layer) => ({ layer, block: kroneckerBlock(layer, h, state, events) }));
    return {
      treated: blocks.flatMap(({ layer }) => [layer.weight, ...(layer.bias ? [layer.bias] : [])]),
      request: (info) =>
        curvatureDue(h, info) ? { inputs: true, sampledOutputGradients: true } : {},
      refresh: ({ observations }, { terms }, info) => {
        for (const { layer, block } of blocks) {
          const observation = observations.get(layer);
          if (observation) inPhase("curvature", () => block.observe(observation, terms));
          if (inverseDue(h, info)) inPhase("inverse", () => block.invert());
        }
      },
      apply: ({ gradients }) => {
        const directions = [...gradients];
        const index = (name: string) => context.parameters.findIndex((p) => p.name === name);
        for (const { layer, block } of blocks) {
          const at = index(layer.weight.name);
          directions[at] = block.apply(directions[at] as tf.Tensor);
          if (!layer.bias) continue;
          const biasAt = index(layer.bias.name);
          directions[biasAt] = block.applyToBias(directions[biasAt] as tf.Tensor);
        }
        return directions;
      },
    };
  }),
});

export const kfacLocal = defineVariant(kfac, {
  id: "kfac-local",
  name: "K-FAC (local)",
  order: 4,
  summary: "K-FAC whose factors come from the last batch alone.",
  rule: [
    "A = h^\\top h/\\mathrm{rows},\\quad B = e^\\top e/N",
    "P(G) = (A+\\sqrt\\lambda\\,\\pi I)^{-1}\\, G\\, (B+\\sqrt\\lambda\\,\\pi^{-1} I)^{-1}",
  ],
  defaults: { statistics: "batch" },
});

interface KroneckerBlock {
  observe(observation: Observation, terms: number): void;
  invert(): void;
  apply(gradient: tf.Tensor): tf.Tensor;
  applyToBias(gradient: tf.Tensor): tf.Tensor;
}

/** Factors, inverses and their use for one layer. */
function kroneckerBlock(
  layer: KroneckerLayer,
  h: StatisticHyperparameters & { readonly damping: number },
  state: OptimizerState,
  events: EventCounters,
): KroneckerBlock {
  const { name, dIn, dOut } = layer;
  const diagonal = layer.kind === "embedding";
  const a = statistic(state, `${name}.A`, diagonal ? [dIn] : [dIn, dIn], h);
  const b = statistic(state, `${name}.B`, [dOut, dOut], h);
  const inverseA = state.tensor(`${name}.inverseA`, () =>
    diagonal ? tf.ones([dIn]) : tf.eye(dIn),
  );
  const inverseB = state.tensor(`${name}.inverseB`, () => tf.eye(dOut));

  const invert = (factor: tf.Tensor, ridge: tf.Scalar, inverse: tf.Variable) => {
    const { inverse: next, retries } = spdInverse(factor as tf.Tensor2D, {
      damping: ridge,
      previous: inverse as tf.Tensor as tf.Tensor2D,
    });
    inverse.assign(next);
    events.count("inverseRetries", retries);
  };

  return {
    observe: (observation, terms) => {
      const gradients = observation.sampledOutputGradients as tf.Tensor2D;
      a.observe(inputCovariance(layer, observation));
      b.observe(outputCovariance(gradients, terms));
    },
    invert: () => {
      const [estimateA, estimateB] = [a.estimate(), b.estimate() as tf.Tensor2D];
      const { ridgeA, ridgeB } = factoredDamping(estimateA, estimateB, dIn, dOut, h.damping);
      if (diagonal) inverseA.assign(tf.reciprocal(tf.add(estimateA, ridgeA)));
      else invert(estimateA, ridgeA, inverseA);
      invert(estimateB, ridgeB, inverseB);
    },
    apply: (gradient) => {
      const right = tf.matMul(asMatrix(layer, gradient), inverseB as tf.Tensor as tf.Tensor2D);
      const both = diagonal
        ? tf.mul(tf.reshape(inverseA, [dIn, 1]), right)
        : tf.matMul(inverseA as tf.Tensor as tf.Tensor2D, right);
      return tf.reshape(both, gradient.shape);
    },
    applyToBias: (gradient) =>
      tf.reshape(
        tf.matMul(
          tf.reshape(gradient, [1, dOut]) as tf.Tensor2D,
          inverseB as tf.Tensor as tf.Tensor2D,
        ),
        gradient.shape,
      ),
  };
}

/**
 * `λ_A = max(√λ·π, 1e-7)`, `λ_B = max(√λ/π, 1e-7)` with π the root of the ratio of mean eigenvalues;
 * where π is 0 or infinite both are λ. Graph values throughout.
 */
function factoredDamping(
  a: tf.Tensor,
  b: tf.Tensor2D,
  dIn: number,
  dOut: number,
  lambda: number,
): { ridgeA: tf.Scalar; ridgeB: tf.Scalar } {
  const traceA = a.rank === 1 ? tf.sum(a) : trace(a as tf.Tensor2D);
  const ratio = tf.div(tf.div(traceA, dIn), tf.div(trace(b), dOut));
  const usable = tf.logicalAnd(tf.greater(ratio, 0), tf.less(ratio, Number.MAX_VALUE));
  const pi = tf.sqrt(tf.where(usable, ratio, tf.onesLike(ratio)));
  const root = Math.sqrt(lambda);
  const plain = tf.fill([], lambda);
  return {
    ridgeA: tf.where(usable, tf.maximum(tf.mul(pi, root), 1e-7), plain) as tf.Scalar,
    ridgeB: tf.where(usable, tf.maximum(tf.div(root, pi), 1e-7), plain) as tf.Scalar,
  };
}

/** Sum of the diagonal. */
function trace(x: tf.Tensor2D): tf.Scalar {
  return tf.sum(tf.mul(x, tf.eye(x.shape[0]))) as tf.Scalar;
}
