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
 * Where the rows are few and were shown, they are multiplied, or are a system's right-hand sides, instead of
 * the gradient's columns: `(A + λI)⁻¹ G R = ((A + λI)⁻¹ hᵀ)(δR)`, for a factor R on the other side.
 */
import * as tf from "@tensorflow/tfjs-core";
import { inPhase } from "../engine/phase.ts";
import { type Precision, trace } from "../linalg/index.ts";
import type { Observation } from "../nn/evaluate.ts";
import { conditionNumber } from "./diagnostics.ts";
import type { DueInverses, OnceUsed } from "./factor-inverse.ts";
import { factorSystem, isSolved } from "./factor-system.ts";
import { fewRows } from "./few-rows.ts";
import {
  type IntervalHyperparameters,
  inversesFollowCurvature,
  refreshesEveryStep,
} from "./interval.ts";
import { inputCovariance, inputRows, type TreatedLayer } from "./kronecker.ts";
import type { Later, Posing } from "./posed-systems.ts";
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
  /** Has the inverse computed with all others that are due, or the system posed. */
  invert(ridge: tf.Tensor | number): void;
  /**
   * `(A + λI)⁻¹ G R` for the gradient `[a, dOut]`; `observation`: of its batch, where the step looks at
   * it; `right` multiplies a matrix of dOut columns with R, and is called once.
   */
  solve(
    gradient: tf.Tensor2D,
    observation: Observation | undefined,
    right?: (x: tf.Tensor2D) => Later<tf.Tensor2D>,
  ): Posing<tf.Tensor2D>;
  /** Condition number of what was inverted: while the batch's statistics are there. */
  condition(ridge: tf.Tensor | number): tf.Tensor;
}

/** Whether rows may stand for the gradient: they need the true output gradients. */
export function needsOutputGradients(
  layers: readonly TreatedLayer[],
  h: StatisticHyperparameters & IntervalHyperparameters,
): boolean {
  return isOwnBatch(h) || layers.some((layer) => isSolved(systemOptions(layer, h)));
}

/** Whether A is always of the gradient's own batch. */
function isOwnBatch(h: StatisticHyperparameters & IntervalHyperparameters): boolean {
  return h.statistics === "batch" && refreshesEveryStep(h);
}

const systemOptions = ({ order, diagonal }: TreatedLayer, h: IntervalHyperparameters) => ({
  order,
  diagonal,
  everyStep: refreshesEveryStep(h),
});

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
  const system = factorSystem(state, `${layer.name}.inverseA`, systemOptions(treated, h), inverses);
  let through: RowSystem | undefined;

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
      else system.refresh(covariance.estimate(), ridge);
    },
    solve: function* (gradient, observation, right = (x) => () => x) {
      const few = through ? undefined : fewRows(treated, observation);
      if (few) {
        const left = system.left(tf.transpose(few.inputs));
        const other = right(few.outputGradients);
        yield;
        return tf.matMul(left(), other());
      }
      const left = through ? through.solve() : system.left(gradient);
      through = undefined;
      yield;
      const product = right(left());
      yield;
      return product();
    },
    condition: (ridge) => {
      if (through) return through.condition(ridge);
      const estimate = covariance.estimate();
      return conditionNumber(estimate, ridge, system.inverse(estimate, ridge));
    },
  };
}

/** One step's rows, in which to solve instead of in dIn dimensions. */
interface RowSystem {
  trace(): tf.Tensor;
  invert(ridge: tf.Tensor | number, inverses: DueInverses): void;
  /** `r·hᵀ (hhᵀ + rλI)⁻¹ δ` */
  solve(): Later<tf.Tensor2D>;
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
      return () => tf.mul(tf.matMul(h, weights(), true, false), divisor);
    },
    condition: (ridge) =>
      conditionNumber(products(), tf.mul(ridge, divisor), (system as OnceUsed).inverse()),
  };
}
