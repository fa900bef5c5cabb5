/**
 * @file K-BFGS: both Kronecker factors' inverses, followed by BFGS instead of being recomputed.
 *
 *   A ← .9A + .1h̃ᵀh̃/rows (first: the batch's),   A_λ = A + √λI,   first H_A = A_λ⁻¹
 *   P(G̃) = H_A G̃ H_B                                                        G̃ [a, b]
 *   after the update, same batch: s = z̄' − z̄, y = δ̄' − δ̄, averaged with .9;   H_B ← BFGS(H_B, s, y)
 *   s_A = H_A·mean(h̃), y_A = A_λ s_A;                                       H_A ← BFGS(H_A, s_A, y_A)
 *
 * Goldfarb, Ren & Bahamou 2020. h̃ = [h, 1]; z̄ mean pre-activation over rows, δ̄ the output gradient
 * of the mean loss summed over rows, true labels; s and y are damped twice (`bfgs.ts`). No update of
 * H_B where sᵀy ≤ 1e-4·sᵀs·‖δ̄‖ (after 20 such in a row it starts over as I), nor where ‖y‖ is
 * rounding noise, ‖y‖ ≤ 1e-6·rms(e): layers before a batch norm and key projections, whose mean
 * output gradient is zero. Both count as skipped updates.
 *
 * Differences from the source: momentum follows preconditioning and the gradient is not averaged
 * before it (the shared pipeline); A starts from the first batch. Norm parameters, embeddings and
 * tied weights keep their plain gradient.
 *
 * Per layer: 2·rows·a² + 6·rows·ab FLOPs of curvature (a second pass), 8(a² + b²) per update of the
 * inverses, a³ once, 2ab(a + b) per step; 2a² + b² floats of state.
 */
import * as tf from "@tensorflow/tfjs-core";
import { z } from "zod";
import { inPhase } from "../suite/engine/phase.ts";
import { frobenius, spdInverse } from "../suite/linalg/index.ts";
import type { Observation } from "../suite/nn/evaluate.ts";
import type { Parameter } from "../suite/nn/parameter.ts";
import {
  bfgsUpdate,
  doubleDamping,
  identity,
  inner,
  type SecantPair,
} from "../suite/optimizer/bfgs.ts";
import { type Diagnostics, defineOptimizer } from "../suite/optimizer/declaration.ts";
import { conditionNumber } from "../suite/optimizer/diagnostics.ts";
import type { EventCounters } from "../suite/optimizer/events.ts";
import { type DueInverses, dueInverses, factorInverse } from "../suite/optimizer/factor-inverse.ts";
import { fewRows, fewRowsRequest } from "../suite/optimizer/few-rows.ts";
import {
  damping,
  intervalHyperparameters,
  pipelineHyperparameters,
  precision,
} from "../suite/optimizer/hyperparameters.ts";
import { curvatureDue } from "../suite/optimizer/interval.ts";
import {
  asParameters,
  directionsOf,
  gradientMatrix,
  inputRows,
  parametersOf,
  scaledGram,
  type TreatedLayer,
  treatedLayers,
} from "../suite/optimizer/kronecker.ts";
import { type GradientOf, preconditioned } from "../suite/optimizer/pipeline.ts";
import type { Problem } from "../suite/optimizer/problem.ts";
import { logUniform } from "../suite/optimizer/search.ts";
import type { OptimizerState } from "../suite/optimizer/state.ts";
import { tidily } from "../suite/optimizer/tidily.ts";

/** Weight of the past in A, s and y. */
const MEMORY = 0.9;
/** Skips in a row after which H_B starts over. */
const PATIENCE = 20;

const hyperparameters = z.strictObject({
  ...pipelineHyperparameters(),
  damping: damping(0.3),
  curvatureInterval: intervalHyperparameters().curvatureInterval,
  precision: precision(),
});

type Hyperparameters = z.output<typeof hyperparameters>;

export const kbfgs = defineOptimizer({
  id: "kbfgs",
  name: "K-BFGS",
  family: "second-order",
  version: 1,
  order: 8,
  summary: "Kronecker factors whose inverses follow the curvature by BFGS updates.",
  rule: [
    "P(G) = H_A\\, G\\, H_B",
    "H_B \\leftarrow \\mathrm{BFGS}(H_B,\\ \\bar z' - \\bar z,\\ \\bar\\delta' - \\bar\\delta)",
    "H_A \\leftarrow \\mathrm{BFGS}(H_A,\\ H_A\\bar h,\\ (A+\\sqrt\\lambda I) H_A\\bar h)",
  ],
  citation: {
    authors: "Goldfarb, Ren, Bahamou",
    title: "Practical Quasi-Newton Methods for Training Deep Neural Networks",
    year: 2020,
    url: "https://arxiv.org/abs/2006.08877",
  },
  needs: { layerInputs: true, outputGradients: true, secondPass: true },
  hyperparameters,
  search: { learningRate: logUniform(3e-3, 3), damping: logUniform(1e-3, 3) },
  schedule: "task",
  cost: ({ dIn: a, dOut: b, rows }) => ({
    curvature: 2 * rows * a * a + 6 * rows * a * b,
    inverse: 8 * (a * a + b * b),
    precondition: 2 * a * b * (a + b),
    state: 2 * a * a + b * b + a * b,
  }),
  create: preconditioned((context, state, events) => {
    const h = context.hyperparameters;
    const layers = treatedLayers(context.layers, { homogeneous: true, embeddings: false });
    const inverses = dueInverses(h.precision, events);
    const blocks = layers.map((layer) => quasiNewtonBlock(layer, h, state, { events, inverses }));
    const rows = fewRowsRequest(layers);
    const outputs = { preactivations: true, outputGradients: true };
    return {
      treated: parametersOf(layers, "all"),
      request: (info) => (curvatureDue(h, info) ? { inputs: true, ...outputs } : rows),
      refresh: ({ observations }, problem, info) => {
        if (!curvatureDue(h, info)) return;
        layers.forEach(({ layer }, i) => {
          blocks[i]?.before(observations.get(layer) as Observation, problem);
        });
        inPhase("inverse", () => inverses.compute());
      },
      apply: (gradientOf, pass) => directionsOf(layers, blocks, gradientOf, pass),
      finish: (_, problem, info) => {
        if (!curvatureDue(h, info)) return;
        const { observations } = problem.evaluate({ ...outputs, repeated: true });
        inPhase("curvature", () => {
          layers.forEach(({ layer }, i) => {
            blocks[i]?.after(observations.get(layer) as Observation);
          });
        });
      },
      diagnose: () => Object.assign({}, ...blocks.map((block) => block.conditions())),
    };
  }),
});

/** What a layer's rows come to on average. */
interface Means {
  /** z̄ `[b, 1]` */
  readonly preactivation: tf.Tensor2D;
  /** δ̄ `[b, 1]` */
  readonly outputGradient: tf.Tensor2D;
}

/** What the pass before the update leaves for after it. */
interface Before extends Means {
  /** mean(h̃) `[a, 1]` */
  readonly input: tf.Tensor2D;
  /** rms(e), a scalar. */
  readonly noiseScale: tf.Tensor;
}

interface QuasiNewtonBlock {
  before(observation: Observation, problem: Problem): void;
  /** H_A G H_B; `observation`: of the gradient's batch, where the step looks at it. */
  apply(gradientOf: GradientOf, observation?: Observation): [Parameter, tf.Tensor][];
  after(observation: Observation): void;
  /** Condition numbers of H_A and H_B. */
  conditions(): Diagnostics;
}

function quasiNewtonBlock(
  treated: TreatedLayer,
  { damping }: Hyperparameters,
  state: OptimizerState,
  { events, inverses }: { readonly events: EventCounters; readonly inverses: DueInverses },
): QuasiNewtonBlock {
  const { layer, order } = treated;
  const { name, dOut } = layer;
  const alpha = Math.sqrt(damping);
  const a = state.tensor(`${name}.A`, () => tf.zeros([order, order]));
  const updates = state.number(`${name}.A.updates`, 0);
  const inverseA = factorInverse(state, `${name}.HA`, { order }, inverses);
  const output = outputInverse(state, name, dOut, alpha, events);
  let first: Before | undefined;

  return {
    before: (observation, { terms }) => {
      const isFirst = updates.value++ === 0;
      first = inPhase("curvature", () =>
        // A convolution's patches are large: they end here.
        tidily(() => {
          const h = inputRows(treated, observation);
          const weighted = scaledGram(h, (isFirst ? 1 : 1 - MEMORY) / observation.rows);
          a.assign(isFirst ? weighted : tf.add(tf.mul(a, MEMORY), weighted));
          const delta = observation.outputGradients as tf.Tensor2D;
          return {
            ...meansOf(observation),
            input: tf.reshape(tf.mean(h, 0), [order, 1]),
            noiseScale: tf.mul(tf.sqrt(tf.mean(tf.square(delta))), terms),
          };
        }),
      );
      if (isFirst) inPhase("inverse", () => inverseA.refresh(a, alpha));
    },
    apply: (gradientOf, observation) => {
      const [ha, hb] = [inverseA.value as tf.Tensor2D, output.value as tf.Tensor2D];
      const few = fewRows(treated, observation);
      const direction = few
        ? tf.matMul<tf.Tensor2D>(
            tf.matMul<tf.Tensor2D>(ha, few.inputs, false, true),
            tf.matMul<tf.Tensor2D>(few.outputGradients, hb),
          )
        : tf.matMul<tf.Tensor2D>(
            tf.matMul<tf.Tensor2D>(ha, gradientMatrix(treated, gradientOf)),
            hb,
          );
      return asParameters(treated, direction);
    },
    after: (observation) => {
      const { input, noiseScale, ...old } = first as Before;
      const now = meansOf(observation);
      const s = tf.sub<tf.Tensor2D>(now.preactivation, old.preactivation);
      const y = tf.sub<tf.Tensor2D>(now.outputGradient, old.outputGradient);
      output.update({ s, y }, { noiseScale, gradient: old.outputGradient });
      const stepA = tf.matMul<tf.Tensor2D>(inverseA.value as tf.Tensor2D, input);
      const alongA = tf.add<tf.Tensor2D>(tf.matMul(a as tf.Tensor2D, stepA), tf.mul(stepA, alpha));
      const updated = bfgsUpdate(inverseA.value as tf.Tensor2D, { s: stepA, y: alongA });
      inverseA.value.assign(updated.inverse);
      first = undefined;
    },
    conditions: () => ({
      [`condition.${name}.HA`]: conditionOf(inverseA.value),
      [`condition.${name}.HB`]: conditionOf(output.value),
    }),
  };
}

const conditionOf = (h: tf.Variable): tf.Tensor =>
  conditionNumber(h, 0, spdInverse(h as tf.Tensor2D, { damping: 0 }).inverse);

/** Over rows: z̄ is a mean, δ̄ a sum of gradients of the mean loss. */
function meansOf({ preactivations, outputGradients }: Observation): Means {
  const z = preactivations as tf.Tensor2D;
  const column: [number, number] = [z.shape[1], 1];
  return {
    preactivation: tf.reshape(tf.mean(z, 0), column),
    outputGradient: tf.reshape(tf.sum(outputGradients as tf.Tensor2D, 0), column),
  };
}

interface OutputInverse {
  /** H_B */
  readonly value: tf.Variable;
  /** Steps 3 to 5; `gradient` is δ̄ before the update. */
  update(pair: SecantPair, scales: { gradient: tf.Tensor; noiseScale: tf.Tensor }): void;
}

function outputInverse(
  state: OptimizerState,
  name: string,
  order: number,
  alpha: number,
  events: EventCounters,
): OutputInverse {
  const value = state.tensor(`${name}.HB`, () => tf.eye(order));
  const averageS = movingAverage(state, `${name}.s`, order);
  const averageY = movingAverage(state, `${name}.y`, order);
  const skipped = state.tensor(`${name}.skipped`, () => tf.scalar(0));
  return {
    value,
    update: ({ s, y }, { gradient, noiseScale }) => {
      const h = value as tf.Tensor2D;
      const average = { s: averageS(s), y: averageY(y) };
      const isNoise = tf.lessEqual(frobenius(average.y), tf.mul(noiseScale, 1e-6));
      const damped = doubleDamping(h, average, alpha);
      const curvature = tf.mul(tf.mul(inner(damped.s, damped.s), 1e-4), frobenius(gradient));
      const least = tf.where(isNoise, Number.POSITIVE_INFINITY, curvature);
      const { inverse, updated } = bfgsUpdate(h, damped, least);
      const inRow = tf.where(updated, tf.zerosLike(skipped), tf.add(skipped, 1));
      const startsOver = tf.logicalAnd(tf.logicalNot(isNoise), tf.greaterEqual(inRow, PATIENCE));
      value.assign(tf.where(startsOver, identity(order), inverse));
      const counted = tf.where(isNoise, skipped, inRow);
      skipped.assign(tf.where(startsOver, tf.zerosLike(counted), counted));
      events.count("skippedUpdates", tf.cast(tf.logicalNot(updated), "float32"));
    },
  };
}

/** Kept as `[d]`, given and returned as columns. */
function movingAverage(
  state: OptimizerState,
  name: string,
  order: number,
): (value: tf.Tensor2D) => tf.Tensor2D {
  const average = state.tensor(name, () => tf.zeros([order]));
  return (value) => {
    const vector = tf.reshape(value, [order]);
    const moved = tf.add(tf.mul(average, MEMORY), tf.mul(vector, 1 - MEMORY));
    average.assign(moved);
    return tf.reshape(moved, [order, 1]);
  };
}
