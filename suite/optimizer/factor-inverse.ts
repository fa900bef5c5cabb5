/** @file The damped inverse of a factor, kept from step to step. */
import * as tf from "@tensorflow/tfjs-core";
import { type SpdInverseOptions, spdInverse } from "../linalg/index.ts";
import type { EventCounters } from "./events.ts";
import type { OptimizerState } from "./state.ts";

export interface FactorInverse {
  /** `[d, d]`, or its diagonal `[d]`. */
  readonly value: tf.Variable;
  /** Takes in `(S + ridge·I)⁻¹`; where no damping makes that finite, the previous one stays. */
  refresh(factor: tf.Tensor, ridge: tf.Tensor | number): void;
}

export interface FactorInverseOptions {
  readonly order: number;
  /** The factor is given, and inverted, as the vector of its diagonal. */
  readonly diagonal?: boolean;
  readonly precision: NonNullable<SpdInverseOptions["precision"]>;
}

/** Starts as the identity. */
export function factorInverse(
  state: OptimizerState,
  name: string,
  { order, diagonal = false, precision }: FactorInverseOptions,
  events: EventCounters,
): FactorInverse {
  const value = state.tensor(name, () => (diagonal ? tf.ones([order]) : tf.eye(order)));
  return {
    value,
    refresh: (factor, ridge) => {
      if (diagonal) {
        // An entry never looked up, undamped: its gradient is 0, and so is its direction.
        value.assign(tf.reciprocal(tf.maximum(tf.add(factor, ridge), 1e-30)));
        return;
      }
      const previous = value as tf.Tensor as tf.Tensor2D;
      const options = { damping: ridge, previous, precision };
      const { inverse, retries } = spdInverse(factor as tf.Tensor2D, options);
      value.assign(inverse);
      events.countRetries(retries);
    },
  };
}
