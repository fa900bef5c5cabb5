/**
 * @file A layer's damped inverse input covariance, applied to its gradient: `(A + λI)⁻¹ G`.
 *
 * Where A is of the gradient's own batch and rows < dIn, A is singular, and λ alone makes it
 * invertible: float32 loses P(G) there. The same by pushing through the rows is exact at every λ,
 *
 *   (hᵀh/r + λI)⁻¹ hᵀδ = r·hᵀ (hhᵀ + rλI)⁻¹ δ        h [rows, dIn], δ [rows, dOut]
 *
 * and cheaper: rows³ + 2·rows²·dIn instead of dIn³ + 2·rows·dIn².
 *
 * An inverse that one gradient meets is not computed where a system is cheaper: a large A, renewed in
 * every step, takes a³/3 + 2a²·dOut instead of a³ + 2a²·dOut.
 */
import * as tf from "@tensorflow/tfjs-core";
import { inPhase } from "../engine/phase.ts";
import { LARGEST_STACKED, type Precision, trace } from "../linalg/index.ts";
import type { Observation } from "../nn/evaluate.ts";
import { conditionNumber } from "./diagnostics.ts";
import { type DueInverses, factorInverse, type OnceUsed } from "./factor-inverse.ts";
import {
  type IntervalHyperparameters,
  inversesFollowCurvature,
  refreshesEveryStep,
} from "./interval.ts";
import { inputCovariance, inputRows, type TreatedLayer, timesInverse } from "./kronecker.ts";
import type { OptimizerState } from "./state.ts";
import { type StatisticHyperparameters, statistic } from "./statistic.ts";

export interface InputFactorHyperparameters
  extends StatisticHyperparameters,
    IntervalHyperparameters {
  readonly precision: Precision;
}

export interface InputFactor {
  /** Takes in a batch's rows; `divisor` replaces their number in A. */
  observe(observation: Observation, divisor?: number): void;
  /** tr A, a scalar. */
  trace(): tf.Tensor;
  /** Has the inverse computed with all others that are due. */
  invert(ridge: tf.Tensor | number): void;
  /** `(A + λI)⁻¹ G` for the gradient `[a, dOut]`. */
  solve(gradient: tf.Tensor2D): tf.Tensor2D;
  /** Condition number of what was inverted: while the batch's statistics are there. */
  condition(ridge: tf.Tensor | number): tf.Tensor;
}

/** Whether A is always of the gradient's own batch: then rows need the true output gradients. */
export function isOwnBatch(h: StatisticHyperparameters & IntervalHyperparameters): boolean {
  return h.statistics === "batch" && refreshesEveryStep(h);
}

export function inputFactor(
  treated: TreatedLayer,
  h: InputFactorHyperparameters & { readonly uncorrected?: boolean },
  state: OptimizerState,
  inverses: DueInverses,
): InputFactor {
  const { layer, diagonal, order } = treated;
  const shape = diagonal ? [order] : [order, order];
  const transient = inversesFollowCurvature(h);
  const covariance = statistic(state, `${layer.name}.A`, { ...h, shape, transient });
  /** Kept from step to step, unless every step renews it and a system is cheaper. */
  const inverse =
    refreshesEveryStep(h) && !diagonal && order > LARGEST_STACKED
      ? undefined
      : factorInverse(state, `${layer.name}.inverseA`, { order, diagonal }, inverses);
  const system = (ridge: tf.Tensor | number) =>
    inverses.once(covariance.estimate() as tf.Tensor2D, ridge);
  let through: RowSystem | undefined;
  let due: OnceUsed | undefined;

  return {
    observe: (observation, divisor = observation.rows) => {
      if (isOwnBatch(h) && !diagonal && observation.rows < order) {
        through = rowSystem(treated, observation, divisor);
      } else {
        // A convolution's patches are large: they end here.
        covariance.observe(tf.tidy(() => inputCovariance(treated, observation, divisor)));
      }
    },
    trace: () => {
      if (through) return through.trace();
      const estimate = covariance.estimate();
      return diagonal ? tf.sum(estimate) : trace(estimate as tf.Tensor2D);
    },
    invert: (ridge) => {
      if (through) through.invert(ridge, inverses);
      else if (inverse) inverse.refresh(covariance.estimate(), ridge);
      else due = system(ridge);
    },
    solve: (gradient) => {
      const solution =
        through?.solve() ??
        (inverse ? timesInverse(inverse.value, gradient) : (due as OnceUsed).solve(gradient));
      through = undefined;
      due = undefined;
      return solution;
    },
    condition: (ridge) =>
      through?.condition(ridge) ??
      conditionNumber(covariance.estimate(), ridge, inverse?.value ?? system(ridge).inverse()),
  };
}

/** One step's rows, in which to solve instead of in dIn dimensions. */
interface RowSystem {
  trace(): tf.Tensor;
  invert(ridge: tf.Tensor | number, inverses: DueInverses): void;
  /** `r·hᵀ (hhᵀ + rλI)⁻¹ δ` */
  solve(): tf.Tensor2D;
  condition(ridge: tf.Tensor | number): tf.Tensor;
}

function rowSystem(treated: TreatedLayer, observation: Observation, divisor: number): RowSystem {
  const h = inputRows(treated, observation);
  const delta = observation.outputGradients as tf.Tensor2D;
  const products = () => tf.matMul<tf.Tensor2D>(h, h, false, true);
  let system: OnceUsed | undefined;
  return {
    trace: () => tf.div(tf.sum(tf.square(h)), divisor),
    invert: (ridge, inverses) => {
      system = inverses.once(inPhase("curvature", products), tf.mul(ridge, divisor));
    },
    solve: () => {
      const weights = (system as OnceUsed).solve(delta);
      return tf.mul(tf.matMul(h, weights, true, false), divisor);
    },
    condition: (ridge) =>
      conditionNumber(products(), tf.mul(ridge, divisor), (system as OnceUsed).inverse()),
  };
}
