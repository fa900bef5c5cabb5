/**
 * @file SENG: each layer's empirical Fisher, inverted through the Gram matrix of the examples.
 *
 *   F = Σ_i u_i u_iᵀ/N,  u_i = Σ_s h̃_is e_isᵀ        h̃ = [h, 1] [a], e [b] of the summed loss
 *   K_ij = ⟨u_i, u_j⟩/N                                 [n, n]
 *   P(G̃) = (F + λI)⁻¹ G̃ = G̃/λ − Σ_i w_i u_i/N,      w = (K + λI)⁻¹ v,  v_i = ⟨G̃, u_i⟩/λ
 *
 * Yang et al. 2022. True labels; s runs over the positions of example i (of a convolution, or the
 * tokens of a sequence). Norm parameters, embeddings and tied weights keep their plain gradient.
 *
 * In a step that renews the curvature, G̃ = Σ_i u_i/N, and pushing through gives the same without
 * cancellation: P(G̃) = Σ_i w_i u_i/N with w = (K + λI)⁻¹1. Where every step does, that is one
 * system, and no inverse; or (F + λI) P(G̃) = G̃ itself, where that takes fewer FLOPs, as for few
 * weights and many examples. In other steps G̃/λ dominates, and float32 loses little of it.
 *
 * Differences from the source: exact, where it truncates each e_i to rank 16 and sketches K and v;
 * `sketchSize`, `correction` and `variant` bring its sketch, its rank-one sum and ASDL's factor.
 *
 * Per layer: 2n²(a + b) FLOPs of curvature (convolutions: `example-gram.ts`), n³/3 per system, 4nab
 * per step. At an interval above 1 an inverse is kept: n³ FLOPs, n² + rows·(a + b) floats of state.
 */
import * as tf from "@tensorflow/tfjs-core";
import { z } from "zod";
import { inPhase } from "../suite/engine/phase.ts";
import { type SpdSystem, spdInverse } from "../suite/linalg/index.ts";
import type { Observation } from "../suite/nn/evaluate.ts";
import type { KroneckerLayer, Parameter } from "../suite/nn/parameter.ts";
import type { RandomSource } from "../suite/nn/random.ts";
import { defineOptimizer } from "../suite/optimizer/declaration.ts";
import { conditionNumber } from "../suite/optimizer/diagnostics.ts";
import type { EventCounters } from "../suite/optimizer/events.ts";
import {
  type ExampleRows,
  exampleGradients,
  exampleGram,
  projections,
  rankOneSum,
  weightedSum,
} from "../suite/optimizer/example-gram.ts";
import {
  type CurvatureMemory,
  curvatureMemory,
  type SeenExamples,
} from "../suite/optimizer/example-memory.ts";
import {
  damping,
  hyper,
  intervalHyperparameters,
  pipelineHyperparameters,
  precision,
  variant,
} from "../suite/optimizer/hyperparameters.ts";
import { curvatureDue } from "../suite/optimizer/interval.ts";
import {
  asParameters,
  convolutionsApart,
  gradientMatrix,
  inputRows,
  parametersOf,
  type TreatedLayer,
  treatedLayers,
} from "../suite/optimizer/kronecker.ts";
import { type GradientOf, preconditioned } from "../suite/optimizer/pipeline.ts";
import {
  type Later,
  type Posing,
  posedSystems,
  sideBySide,
} from "../suite/optimizer/posed-systems.ts";
import type { Problem } from "../suite/optimizer/problem.ts";
import { logUniform } from "../suite/optimizer/search.ts";
import { drawColumns, seenColumns, seenRows } from "../suite/optimizer/sketch.ts";
import type { OptimizerState } from "../suite/optimizer/state.ts";
import { tidily } from "../suite/optimizer/tidily.ts";

const hyperparameters = z.strictObject({
  ...pipelineHyperparameters(),
  damping: damping(1, 1e-12),
  curvatureInterval: intervalHyperparameters().curvatureInterval,
  sketchSize: hyper(z.number().int().min(0).default(0), {
    symbol: "",
    unit: "columns",
    description: "columns of h and e that K and v see, drawn at each curvature step; 0: all",
  }),
  correction: hyper(z.enum(["exact", "rankOne"]).default("exact"), {
    symbol: "",
    unit: "1",
    description: "the sum over examples as it is, or the source's rank-one stand-in for it",
  }),
  precision: precision(),
  variant: variant("divides by N² where N is due and leaves the bias out of K"),
});

type Hyperparameters = z.output<typeof hyperparameters>;

export const seng = defineOptimizer({
  id: "seng",
  name: "SENG",
  family: "second-order",
  version: 1,
  order: 9,
  summary: "Empirical Fisher of each layer, inverted in the space of examples.",
  rule: [
    "K_{ij} = \\tfrac1N \\langle u_i, u_j\\rangle,\\quad u_i = \\textstyle\\sum_s h_{is} e_{is}^\\top",
    "P(G) = \\tfrac1\\lambda G - \\tfrac1N \\textstyle\\sum_i w_i u_i,\\quad w = (K+\\lambda I)^{-1} v,\\quad v_i = \\tfrac1\\lambda\\langle G, u_i\\rangle",
  ],
  citation: {
    authors: "Yang, Xu, Wen, Chen, Xu",
    title: "Sketch-Based Empirical Natural Gradient Methods for Deep Learning",
    year: 2022,
    url: "https://doi.org/10.1007/s10915-022-01911-x",
  },
  needs: { layerInputs: true, outputGradients: true },
  hyperparameters,
  search: { learningRate: logUniform(3e-3, 3), damping: logUniform(1e-2, 10) },
  paperGrid: {
    learningRate: [0.3, 0.1, 0.03, 0.01, 0.003, 0.001],
    damping: [1, 1e-3, 1e-6, 1e-9],
  },
  schedule: "task",
  cost: ({ dIn: a, dOut: b, rows, examples: n }) => ({
    curvature: 2 * n * n * (a + b),
    inverse: n ** 3 / 3,
    precondition: 4 * n * a * b,
    state: rows * (a + b) + n * n + a * b,
  }),
  create: preconditioned((context, state, events) => {
    const h = context.hyperparameters;
    const layers = treatedLayers(context.layers, { homogeneous: true, embeddings: false });
    const sketch = context.random("sketch");
    const pose = posedSystems(h.precision, events);
    const blocks = layers.map((treated) => gramBlock(treated, h, state, events, pose, sketch));
    const groups = convolutionsApart(blocks);
    const shown = { inputs: true, outputGradients: true };
    const treated = new Set(parametersOf(layers, "all"));
    const others = context.parameters.filter((parameter) => !treated.has(parameter));
    return {
      treated: [...treated],
      request: (info) => (curvatureDue(h, info) ? shown : {}),
      refresh: () => {},
      apply: (gradientOf, { observations }, problem, info) => {
        const directionOf = ({ layer, renew, reuse }: GramBlock) =>
          curvatureDue(h, info)
            ? renew(gradientOf, observations.get(layer) as Observation, problem)
            : reuse(gradientOf, problem.terms);
        const together = (group: GramBlock[]) => sideBySide(group.map(directionOf)).flat();
        const directions = groups.flatMap((group) => tidily(() => together(group)));
        if (h.variant === "asdl") directions.push(...summed(others, gradientOf, problem.terms));
        return new Map(directions);
      },
      diagnose: (problem) => {
        const { observations } = problem.evaluate({ ...shown, repeated: true });
        const named = blocks.map(({ layer, condition }) => {
          const value = condition(observations.get(layer) as Observation, problem);
          return [`condition.${layer.name}.K`, value];
        });
        return Object.fromEntries(named);
      },
    };
  }),
});

/** ASDL leaves the gradient of the summed loss where it preconditions nothing. */
const summed = (
  parameters: readonly Parameter[],
  gradientOf: GradientOf,
  terms: number,
): [Parameter, tf.Tensor][] =>
  parameters.map((parameter) => [parameter, tf.mul(gradientOf(parameter), terms)]);

type Direction = Posing<[Parameter, tf.Tensor][]>;

interface GramBlock {
  readonly layer: KroneckerLayer;
  /** P(G̃) with the curvature of the gradient's own batch. */
  renew(gradientOf: GradientOf, observation: Observation, problem: Problem): Direction;
  /** P(G̃) with the curvature of the last batch that was renewed. */
  reuse(gradientOf: GradientOf, terms: number): Direction;
  /** Condition number of a batch's K + λI. */
  condition(observation: Observation, problem: Problem): tf.Tensor;
}

function gramBlock(
  treated: TreatedLayer,
  h: Hyperparameters,
  state: OptimizerState,
  events: EventCounters,
  pose: (system: SpdSystem) => Later<tf.Tensor2D>,
  random: RandomSource,
): GramBlock {
  const { layer, order } = treated;
  const asdl = h.variant === "asdl";
  const exact = h.correction === "exact" && !asdl && h.sketchSize === 0;
  /** Whether every gradient meets the curvature of its own batch. */
  const onlyOwn = exact && h.curvatureInterval === 1;
  // The last of a is the bias's, which ASDL's K leaves out.
  const visible = { inputs: asdl ? layer.dIn : order, outputs: layer.dOut };
  const memory = h.curvatureInterval > 1 ? curvatureMemory(state, layer.name, visible) : undefined;
  const { damping, precision } = h;

  const rowsOf = (observation: Observation, { examples, terms }: Problem): ExampleRows => ({
    inputs: inputRows(treated, observation),
    outputs: tf.mul<tf.Tensor2D>(observation.outputGradients as tf.Tensor2D, terms),
    examples,
  });

  const gramOf = (observation: Observation, problem: Problem) => {
    const rows = rowsOf(observation, problem);
    const { inputs, outputs, examples } = rows;
    const inputColumns = drawColumns(random, visible.inputs, h.sketchSize);
    const outputColumns = drawColumns(random, visible.outputs, h.sketchSize);
    const seen = {
      inputs: seenColumns(inputs, inputColumns),
      outputs: seenColumns(outputs, outputColumns),
      examples,
    };
    const gram = tf.div<tf.Tensor2D>(exampleGram(seen), problem.terms);
    return { gram, seen: { rows, inputColumns, outputColumns } };
  };

  /** Whether F of the weights takes fewer FLOPs than K of n examples, of one position each. */
  const fisherIsCheaper = (n: number): boolean => {
    const weights = order * layer.dOut;
    return weights ** 2 * (2 * n + weights / 3) < n ** 2 * (2 * (order + layer.dOut) + n / 3);
  };

  /** `(F + λI)⁻¹ G̃` of the layer's weights, `[ab, ab]`, with F and G̃ of one batch. */
  function* ownFisher(observation: Observation, problem: Problem): Direction {
    const { fisher, gradient } = inPhase("curvature", () => {
      const u = exampleGradients(rowsOf(observation, problem));
      const [fisher, gradient] = [tf.matMul(u, u, true, false), tf.sum(u, 0)];
      return {
        fisher: tf.div<tf.Tensor2D>(fisher, problem.terms),
        gradient: tf.reshape<tf.Rank.R2>(tf.div(gradient, problem.terms), [-1, 1]),
      };
    });
    const direction = pose({ matrix: fisher, rhs: gradient, damping });
    yield;
    return asParameters(treated, tf.reshape<tf.Rank.R2>(direction(), [order, layer.dOut]));
  }

  const invert = (gram: tf.Tensor2D) =>
    inPhase("inverse", () => spdInverse(gram, { damping, precision }));

  /** G̃/λ less its low-rank part; `inverseTimes` maps v to w. */
  function* lessLowRank(
    { rows, inputColumns, outputColumns }: SeenExamples,
    inverseTimes: (v: tf.Tensor2D) => Later<tf.Tensor2D>,
    gradientOf: GradientOf,
    terms: number,
  ): Direction {
    const scaled = tf.div(gradientMatrix(treated, gradientOf), damping) as tf.Tensor2D;
    const seen = {
      inputs: seenColumns(rows.inputs, inputColumns),
      outputs: seenColumns(rows.outputs, outputColumns),
      examples: rows.examples,
    };
    const seenGradient = seenRows(seenColumns(scaled, outputColumns), inputColumns);
    const along = tf.reshape<tf.Rank.R2>(projections(seen, seenGradient), [-1, 1]);
    const solution = inverseTimes(along);
    yield;
    const weights = solution();
    const sum = h.correction === "rankOne" ? rankOneSum(rows, weights) : weightedSum(rows, weights);
    const lowRank = tf.div(sum, asdl ? terms ** 2 : terms);
    return asParameters(treated, tf.sub(scaled, lowRank));
  }

  return {
    layer,
    reuse: (gradientOf, terms) => {
      const { inverse, ...seen } = (memory as CurvatureMemory).read();
      return lessLowRank(seen, (v) => () => tf.matMul(inverse, v), gradientOf, terms);
    },
    renew: function* (gradientOf, observation, problem) {
      if (onlyOwn && fisherIsCheaper(problem.examples)) {
        return yield* ownFisher(observation, problem);
      }
      const { gram, seen } = inPhase("curvature", () => gramOf(observation, problem));
      const ownBatch = (weights: tf.Tensor) =>
        asParameters(treated, tf.div(weightedSum(seen.rows, weights), problem.terms));
      const corrected = (inverseTimes: (v: tf.Tensor2D) => Later<tf.Tensor2D>) =>
        lessLowRank(seen, inverseTimes, gradientOf, problem.terms);
      if (onlyOwn) {
        const weights = pose({ matrix: gram, rhs: tf.ones([problem.examples, 1]), damping });
        yield;
        return ownBatch(weights());
      }
      if (!memory) return yield* corrected((rhs) => pose({ matrix: gram, rhs, damping }));
      const { inverse, retries } = invert(gram);
      events.countRetries(retries);
      memory.write({ ...seen, inverse });
      if (exact) return ownBatch(tf.sum(inverse, 1));
      return yield* corrected((v) => () => tf.matMul(inverse, v));
    },
    condition: (observation, problem) => {
      const { gram } = gramOf(observation, problem);
      return conditionNumber(gram, damping, invert(gram).inverse);
    },
  };
}
