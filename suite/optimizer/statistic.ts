/** @file How a method remembers the curvature of earlier batches. */
import * as tf from "@tensorflow/tfjs-core";
import type { OptimizerState } from "./state.ts";

export interface StatisticHyperparameters {
  readonly statistics: "batch" | "ema";
  readonly emaRate: number;
}

/** A statistic that is replaced by each batch's, or follows them as a moving average. */
export interface Statistic {
  /** Takes in a batch's value. */
  observe(value: tf.Tensor): void;
  /** The estimate now; a moving average is divided by the total weight it has seen. */
  estimate(): tf.Tensor;
}

export interface StatisticOptions extends StatisticHyperparameters {
  readonly shape: number[];
  /** Asked for only in the steps that observe, so that nothing need be kept between steps. */
  readonly transient?: boolean;
  /** Leave a moving average as it grows from zero. */
  readonly uncorrected?: boolean;
}

/**
 * `S ← (1 − ρ)S + ρ·S_batch` from zero, estimate `S / (1 − (1 − ρ)ᵗ)`; with statistics `batch`, the
 * last batch's value.
 */
export function statistic(
  state: OptimizerState,
  name: string,
  options: StatisticOptions,
): Statistic {
  const { statistics, emaRate, shape, transient = false, uncorrected = false } = options;
  if (statistics === "batch" && transient) return lastValue(name);
  const average = state.tensor(name, () => tf.zeros(shape));
  if (statistics === "batch") {
    return { observe: (value) => average.assign(value), estimate: () => average };
  }
  const updates = state.number(`${name}.updates`, 0);
  return {
    observe: (value) => {
      average.assign(tf.add(tf.mul(average, 1 - emaRate), tf.mul(value, emaRate)));
      updates.value++;
    },
    estimate: () => (uncorrected ? average : tf.div(average, 1 - (1 - emaRate) ** updates.value)),
  };
}

function lastValue(name: string): Statistic {
  let latest: tf.Tensor | undefined;
  return {
    observe: (value) => {
      latest = value;
    },
    estimate: () => {
      if (!latest) throw new Error(`Statistic "${name}" is asked for in a step without a batch.`);
      return latest;
    },
  };
}
