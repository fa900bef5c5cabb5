/**
 * @file Products with a statistic's inverse root. The root is kept from step to step; where every step
 * renews it and what it is multiplied with is narrow, there is none: systems take a third of its FLOPs,
 * and are at least as accurate.
 */
import * as tf from "@tensorflow/tfjs-core";
import { inPhase } from "../engine/phase.ts";
import { inverseRoot, inverseRootProduct, type Precision } from "../linalg/index.ts";
import { timesAlongAxis } from "./axes.ts";
import type { EventCounters } from "./events.ts";
import type { OptimizerState } from "./state.ts";

export interface RootSystemOptions {
  /** d */
  readonly order: number;
  readonly p: number;
  /** Relative to the largest eigenvalue. */
  readonly ridge: number;
  readonly precision: Precision;
  /** Whether every step refreshes it. */
  readonly everyStep: boolean;
}

/** X of a statistic `[d, d]`; the identity before the first refresh. */
export interface RootSystem {
  refresh(statistic: tf.Tensor2D, largest: tf.Tensor): void;
  /** `rows X` for rows `[m, d]`. */
  times(rows: tf.Tensor2D): tf.Tensor2D;
  /** `G ×_i X` */
  along(g: tf.Tensor, axis: number): tf.Tensor;
  /** X of these, or the one that is kept where one is. For diagnostics. */
  root(statistic: tf.Tensor2D, largest: tf.Tensor): tf.Tensor2D;
}

/** From this order on a product with few rows takes less time than the root does. */
const SMALLEST_SYSTEM = 512;

/** By FLOPs of a fraction: d³/3 + 2d²m against d³. */
const isNarrow = (d: number, rows: number): boolean => d >= SMALLEST_SYSTEM && 3 * rows <= d;

export function rootSystem(
  state: OptimizerState,
  name: string,
  { order: d, everyStep, p, ...options }: RootSystemOptions,
  events: EventCounters,
): RootSystem {
  const value = state.tensor(name, () => tf.eye(d)) as tf.Tensor as tf.Tensor2D & tf.Variable;
  /** What this step's root is of, until it is taken. */
  let due: { readonly statistic: tf.Tensor2D; readonly largest: tf.Tensor } | undefined;

  const solved = (rows: tf.Tensor2D, { statistic, largest }: NonNullable<typeof due>) => {
    const taken = inPhase("inverse", () =>
      inverseRootProduct(rows, statistic, p, { ...options, largest }),
    );
    events.countRetries(taken.retries);
    return taken.product;
  };
  const take = (statistic: tf.Tensor2D, largest: tf.Tensor) => {
    const taken = inverseRoot(statistic, p, { ...options, largest, previous: value });
    value.assign(taken.root);
    events.countRetries(taken.retries);
  };
  const kept = () => {
    if (due) take(due.statistic, due.largest);
    due = undefined;
    return value;
  };

  return {
    refresh: (statistic, largest) => {
      // A clone: the statistic may be another when the product is wanted.
      if (everyStep && d >= SMALLEST_SYSTEM) due = { statistic: tf.clone(statistic), largest };
      else take(statistic, largest);
    },
    times: (rows) =>
      due && isNarrow(d, rows.shape[0])
        ? solved(rows, due)
        : tf.matMul(rows, inPhase("inverse", kept)),
    along: (g, axis) => {
      if (!due || g.rank !== 2 || !isNarrow(d, g.size / d)) {
        return timesAlongAxis(g, inPhase("inverse", kept), axis);
      }
      const matrix = g as tf.Tensor2D;
      return axis === 1 ? solved(matrix, due) : tf.transpose(solved(tf.transpose(matrix), due));
    },
    root: (statistic, largest) =>
      due ? inverseRoot(statistic, p, { ...options, largest }).root : value,
  };
}
