/**
 * @file K-FAC: each layer's Fisher block as a Kronecker product, inverted factor by factor.
 *
 *   A = hᵀh/rows,  B = eᵀe/N                h [rows, dIn], e [rows, dOut] of the summed loss
 *   π = √((tr A/dIn)/(tr B/dOut)),  λ_A = √λ·π,  λ_B = √λ/π
 *   P(G) = (A + λ_A I)⁻¹ G (B + λ_B I)⁻¹,   bias: g_b (B + λ_B I)⁻¹        G [dIn, dOut]
 *
 * Martens & Grosse 2015; convolutions Grosse & Martens 2016 (rows are patches). e belongs to labels
 * drawn from the model: the true Fisher, one sample. `kfac` averages its factors over batches
 * ("global" in the paper), `kfac-local` takes the last batch's. An embedding's A is diagonal. Norm
 * parameters and tied weights keep their plain gradient.
 *
 * Where the factors are of the gradient's own batch and rows < dIn, A is singular and λ alone makes
 * it invertible; then (A + λ_A I)⁻¹G = (rows/N) hᵀ(hhᵀ + rows·λ_A I)⁻¹e with the true labels' e, the
 * same but exact in float32 at every λ, and cheaper.
 *
 * Per layer: 2·rows·(a² + b²) + 2·rows·a·b FLOPs of curvature, a³ + b³ per inverse, 2ab(a + b) per
 * step, for a = dIn, b = dOut; large factors that every step renews are systems
 * (factor-system.ts), which few rows make cheaper still (input-factor.ts).
 */
import * as tf from "@tensorflow/tfjs-core";
import { z } from "zod";
import { inPhase } from "../suite/engine/phase.ts";
import { trace } from "../suite/linalg/index.ts";
import type { Observation, Pass } from "../suite/nn/evaluate.ts";
import type { Parameter } from "../suite/nn/parameter.ts";
import {
  type Diagnostics,
  defineOptimizer,
  defineVariant,
} from "../suite/optimizer/declaration.ts";
import { conditionNumber, withScratchState } from "../suite/optimizer/diagnostics.ts";
import { type DueInverses, dueInverses } from "../suite/optimizer/factor-inverse.ts";
import { factorSystem } from "../suite/optimizer/factor-system.ts";
import { fewRowsRequest } from "../suite/optimizer/few-rows.ts";
import {
  biasTreatment,
  damping,
  intervalHyperparameters,
  pipelineHyperparameters,
  precision,
  statisticsHyperparameters,
  variant,
} from "../suite/optimizer/hyperparameters.ts";
import { inputFactor, needsOutputGradients } from "../suite/optimizer/input-factor.ts";
import {
  inverseDue,
  inversesFollowCurvature,
  refreshesEveryStep,
  statisticsDue,
} from "../suite/optimizer/interval.ts";
import {
  asParameters,
  factoredDamping,
  gradientMatrix,
  outputCovariance,
  parametersOf,
  type TreatedLayer,
  treatedLayers,
} from "../suite/optimizer/kronecker.ts";
import { type GradientOf, preconditioned } from "../suite/optimizer/pipeline.ts";
import { type Posing, sideBySide } from "../suite/optimizer/posed-systems.ts";
import type { Problem } from "../suite/optimizer/problem.ts";
import { logUniform } from "../suite/optimizer/search.ts";
import type { OptimizerState } from "../suite/optimizer/state.ts";
import { statistic } from "../suite/optimizer/statistic.ts";

const hyperparameters = z.strictObject({
  ...pipelineHyperparameters(0.03),
  damping: damping(1e-3),
  ...statisticsHyperparameters("ema"),
  ...intervalHyperparameters(),
  bias: biasTreatment("separate", "preconditioned by B alone"),
  precision: precision(),
  variant: variant("divides the factors of token layers by sequences and never corrects averages"),
});

type Hyperparameters = z.output<typeof hyperparameters>;

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
  search: { learningRate: logUniform(1e-3, 1), damping: logUniform(1e-5, 1) },
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
    const layers = treatedLayers(context.layers, { homogeneous: h.bias === "homogeneous" });
    const inverses = dueInverses(h.precision, events);
    const blocks = layers.map((layer) => kroneckerBlock(layer, h, state, inverses));
    const shown = {
      inputs: true,
      sampledOutputGradients: true,
      outputGradients: needsOutputGradients(layers, h),
    };
    const rows = fewRowsRequest(layers);
    return {
      treated: parametersOf(layers, "all"),
      request: (info) => (statisticsDue(h, info) ? shown : rows),
      refresh: ({ observations }, problem, info) => {
        for (const block of blocks) {
          if (statisticsDue(h, info)) {
            inPhase("curvature", () => block.observe(observations, problem));
          }
          if (inverseDue(h, info)) inPhase("inverse", () => block.invert());
        }
        inPhase("inverse", () => inverses.compute());
      },
      apply: (gradientOf, { observations }) => {
        const directions = blocks.map((block, i) => {
          return block.apply(gradientOf, observations.get((layers[i] as TreatedLayer).layer));
        });
        return new Map(sideBySide(directions).flat());
      },
      diagnose: (problem) => {
        if (h.statistics === "ema") return conditions(blocks);
        // The last batch's factors are gone: look at those of this one.
        const { observations } = problem.evaluate({ ...shown, repeated: true });
        return withScratchState((scratch, unread) => {
          const due = dueInverses(h.precision, unread);
          const fresh = layers.map((layer) => kroneckerBlock(layer, h, scratch, due));
          for (const block of fresh) {
            block.observe(observations, problem);
            block.invert();
          }
          due.compute();
          return conditions(fresh);
        });
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

const conditions = (blocks: readonly KroneckerBlock[]): Diagnostics =>
  Object.assign({}, ...blocks.map((block) => block.conditions()));

interface KroneckerBlock {
  observe(observations: Pass["observations"], problem: Problem): void;
  /** Has both inverses computed with all others that are due. */
  invert(): void;
  /** P(G) of the weight and, where there is one, of the bias; `observation` as in `InputFactor`. */
  apply(gradientOf: GradientOf, observation?: Observation): Posing<[Parameter, tf.Tensor][]>;
  /** Condition numbers of the damped factors. */
  conditions(): Diagnostics;
}

/** Factors, inverses and their use for one layer. */
function kroneckerBlock(
  treated: TreatedLayer,
  h: Hyperparameters,
  state: OptimizerState,
  inverses: DueInverses,
): KroneckerBlock {
  const { layer, homogeneous, order } = treated;
  const { name, dOut, bias } = layer;
  const asdl = h.variant === "asdl";
  const a = inputFactor(treated, { ...h, uncorrected: asdl }, state, inverses);
  const b = statistic(state, `${name}.B`, {
    ...h,
    shape: [dOut, dOut],
    transient: inversesFollowCurvature(h),
    uncorrected: asdl,
  });
  const systemB = factorSystem(
    state,
    `${name}.inverseB`,
    { order: dOut, everyStep: refreshesEveryStep(h) },
    inverses,
  );
  const ridges = () =>
    factoredDamping(
      { trace: a.trace(), order },
      { trace: trace(b.estimate() as tf.Tensor2D), order: dOut },
      h.damping,
    );

  return {
    observe: (observations, { examples, terms }) => {
      const observation = observations.get(layer) as Observation;
      const perSequence = asdl && layer.kind !== "convolution";
      a.observe(observation, perSequence ? examples : observation.rows);
      const sampled = observation.sampledOutputGradients as tf.Tensor2D;
      // e = N·δ, so that eᵀe/examples = (N²/examples)·δᵀδ.
      b.observe(outputCovariance(sampled, asdl ? terms ** 2 / examples : terms));
    },
    invert: () => {
      const { ridgeA, ridgeB } = ridges();
      a.invert(ridgeA);
      systemB.refresh(b.estimate(), ridgeB);
    },
    apply: function* (gradientOf, observation) {
      // A bias of its own is one more row for B.
      const biasRows =
        bias && !homogeneous ? [tf.reshape<tf.Rank.R2>(gradientOf(bias), [1, dOut])] : [];
      let biasDirection: tf.Tensor2D | undefined;
      const gradient = gradientMatrix(treated, gradientOf);
      const direction = yield* a.solve(gradient, observation, (x) => {
        const products = systemB.right([x, ...biasRows]);
        return () => {
          const [product, row] = products();
          biasDirection = row;
          return product as tf.Tensor2D;
        };
      });
      const directions = asParameters(treated, direction);
      if (bias && biasDirection) directions.push([bias, tf.reshape(biasDirection, [dOut])]);
      return directions;
    },
    conditions: () => {
      const { ridgeA, ridgeB } = ridges();
      return {
        [`condition.${name}.A`]: a.condition(ridgeA),
        [`condition.${name}.B`]: conditionNumber(
          b.estimate(),
          ridgeB,
          systemB.inverse(b.estimate(), ridgeB),
        ),
      };
    },
  };
}
