/**
 * @file Products with a statistic's inverse root. The root is kept from step to step; where every step
 * renews it and what it is multiplied with is narrow, there is none: systems take a third of its FLOPs,
 * and are at least as accurate. They are posed, and solved with those of other roots (posed-systems.ts).
 */
import * as tf from "@tensorflow/tfjs-core";
import { inPhase } from "../engine/phase.ts";
import { inverseRoot, type Precision, type RootProductOf } from "../linalg/index.ts";
import { timesAlongAxis } from "./axes.ts";
import type { EventCounters } from "./events.ts";
import type { GradientRows } from "./few-rows.ts";
import type { Later, Posing } from "./posed-systems.ts";
import type { OptimizerState } from "./state.ts";

/** Where products are posed, and what happens is counted. */
export interface RootSystemContext {
  readonly pose: (product: RootProductOf) => Later<tf.Tensor2D>;
  readonly events: EventCounters;
}

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
  times(rows: tf.Tensor2D): Later<tf.Tensor2D>;
  /** `G ×_i X` */
  along(g: tf.Tensor, axis: number): Later<tf.Tensor>;
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
  { pose, events }: RootSystemContext,
): RootSystem {
  const value = state.tensor(name, () => tf.eye(d)) as tf.Tensor as tf.Tensor2D & tf.Variable;
  /** What this step's root is of, until it is taken. */
  let due: { readonly statistic: tf.Tensor2D; readonly largest: tf.Tensor } | undefined;

  const posed = (rows: tf.Tensor2D, { statistic, largest }: NonNullable<typeof due>) =>
    pose({ rows, matrix: statistic, largest, p });
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
    times: (rows) => {
      if (due && isNarrow(d, rows.shape[0])) return posed(rows, due);
      const product = tf.matMul<tf.Tensor2D>(rows, inPhase("inverse", kept));
      return () => product;
    },
    along: (g, axis) => {
      if (!due || g.rank !== 2 || !isNarrow(d, g.size / d)) {
        const product = timesAlongAxis(g, inPhase("inverse", kept), axis);
        return () => product;
      }
      const matrix = g as tf.Tensor2D;
      if (axis === 1) return posed(matrix, due);
      const product = posed(tf.transpose(matrix), due);
      return () => tf.transpose(product());
    },
    root: (statistic, largest) =>
      due ? inverseRoot(statistic, p, { ...options, largest }).root : value,
  };
}

/** One for each axis, or none. */
export type Roots = readonly (RootSystem | undefined)[];

/** `G ×₁ X₁ ×₂ X₂ …` */
export function* axesProduct(gradient: tf.Tensor, roots: Roots): Posing<tf.Tensor> {
  let product = gradient;
  for (const [axis, root] of roots.entries()) {
    if (!root) continue;
    const along = root.along(product, axis);
    yield;
    product = along();
  }
  return product;
}

/** `X₁ G X₂` of `G = hᵀδ`: `(h X₁)ᵀ(δ X₂)`. */
export function* rowsProduct(
  { inputs, outputGradients }: GradientRows,
  [left, right]: Roots,
): Posing<tf.Tensor> {
  const sides = [left?.times(inputs), right?.times(outputGradients)];
  yield;
  return tf.matMul(sides[0]?.() ?? inputs, sides[1]?.() ?? outputGradients, true, false);
}
