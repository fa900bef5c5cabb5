/** @file What describes a step to the reader who wonders how a run went; computed only when asked. */
import * as tf from "@tensorflow/tfjs-core";
import { frobenius, largestEigenvalue } from "../linalg/index.ts";
import type { Parameter } from "../nn/parameter.ts";
import type { Diagnostics } from "./declaration.ts";
import { type EventCounters, eventCounters } from "./events.ts";
import { OptimizerState } from "./state.ts";

/**
 * `(λmax(S) + ridge)·λmax((S + ridge·I)⁻¹)`, the condition number of what was inverted; S and its
 * inverse as matrices `[d, d]`, or as the diagonals `[d]`.
 */
export function conditionNumber(
  factor: tf.Tensor,
  ridge: tf.Tensor | number,
  inverse: tf.Tensor,
): tf.Tensor {
  const top = (x: tf.Tensor) =>
    x.rank === 1 ? tf.max(x) : largestEigenvalue(x as tf.Tensor2D).value;
  return tf.mul(tf.add(top(factor), ridge), top(inverse));
}

/** Calls `use` with state that lasts as long as the call: to compute what no step has kept. */
export function withScratchState<T>(use: (state: OptimizerState, events: EventCounters) => T): T {
  const state = new OptimizerState();
  const events = eventCounters(state);
  try {
    return use(state, events);
  } finally {
    events.commit();
    state.dispose();
  }
}

/** Parameters as they were before a step. */
export interface UpdateWatch {
  /** Per parameter, `‖θ_after − θ_before‖/‖θ_before‖`, after the step. */
  ratios(): Diagnostics;
  dispose(): void;
}

/** Watches one step, whatever the method. */
export function watchUpdate(parameters: readonly Parameter[]): UpdateWatch {
  const before = parameters.map(({ variable }) => tf.keep(tf.clone(variable)));
  return {
    ratios: () => {
      const ratios = parameters.map(({ name, variable }, i) => {
        const start = before[i] as tf.Tensor;
        const moved = frobenius(tf.sub(variable, start));
        const ratio = tf.div(moved, tf.maximum(frobenius(start), 1e-30));
        return [`update/parameter.${name}`, ratio] as const;
      });
      return Object.fromEntries(ratios);
    },
    dispose: () => {
      for (const tensor of before) tensor.dispose();
    },
  };
}
