/**
 * @file Products with a factor's damped inverse. The inverse is kept from step to step; where every
 * step renews the factor and it is large, there is none: a system takes d³/3 instead of d³ FLOPs.
 */
import * as tf from "@tensorflow/tfjs-core";
import {
  type DueInverses,
  type FactorInverseOptions,
  factorInverse,
  type OnceUsed,
  SMALLEST_SYSTEM,
} from "./factor-inverse.ts";
import type { Later } from "./posed-systems.ts";
import type { OptimizerState } from "./state.ts";

/** `(S + λI)⁻¹`, of S `[d, d]` or its diagonal `[d]`. */
export interface FactorSystem {
  /** Whether it is a system, which one product after each refresh solves. */
  readonly isSolved: boolean;
  refresh(factor: tf.Tensor, ridge: tf.Tensor | number): void;
  /** `(S + λI)⁻¹ x` for x `[d, m]`. */
  left(x: tf.Tensor2D): Later<tf.Tensor2D>;
  /** `x (S + λI)⁻¹` for each x `[m, d]`. */
  right(xs: readonly tf.Tensor2D[]): Later<tf.Tensor2D[]>;
  /** For diagnostics. */
  inverse(factor: tf.Tensor, ridge: tf.Tensor | number): tf.Tensor;
}

interface FactorSystemOptions extends FactorInverseOptions {
  /** Whether every step refreshes it. */
  readonly everyStep: boolean;
}

export const isSolved = ({ everyStep, diagonal = false, order }: FactorSystemOptions): boolean =>
  everyStep && !diagonal && order >= SMALLEST_SYSTEM;

export function factorSystem(
  state: OptimizerState,
  name: string,
  options: FactorSystemOptions,
  inverses: DueInverses,
): FactorSystem {
  if (isSolved(options)) return solvedSystem(inverses);
  const { value, refresh } = factorInverse(state, name, options, inverses);
  return {
    isSolved: false,
    refresh,
    left: (x) => () => timesInverse(value, x),
    right: (xs) => () => xs.map((x) => tf.matMul(x, value as tf.Tensor as tf.Tensor2D)),
    inverse: () => value,
  };
}

function timesInverse(inverse: tf.Tensor, matrix: tf.Tensor2D): tf.Tensor2D {
  if (inverse.rank === 2) return tf.matMul(inverse as tf.Tensor2D, matrix);
  return tf.mul(tf.reshape(inverse, [inverse.size, 1]), matrix);
}

function solvedSystem(inverses: DueInverses): FactorSystem {
  let due: OnceUsed | undefined;
  const left = (x: tf.Tensor2D) => (due as OnceUsed).solve(x);
  return {
    isSolved: true,
    refresh: (factor, ridge) => {
      due = inverses.once(factor as tf.Tensor2D, ridge);
    },
    left,
    right: (xs) => {
      const products = left(tf.transpose(tf.concat2d([...xs], 0)));
      const rows = xs.map((x) => x.shape[0]);
      return () => tf.split<tf.Tensor2D>(tf.transpose(products()), rows, 0);
    },
    inverse: (factor, ridge) => inverses.once(factor as tf.Tensor2D, ridge).inverse(),
  };
}
