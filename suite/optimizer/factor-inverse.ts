/** @file Damped inverses of factors, kept from step to step and computed together. */
import * as tf from "@tensorflow/tfjs-core";
import {
  type Precision,
  type SpdInverseRequest,
  spdInverse,
  spdInverses,
} from "../linalg/index.ts";
import type { EventCounters } from "./events.ts";
import { type Later, posedSystems } from "./posed-systems.ts";
import type { OptimizerState } from "./state.ts";

/** Smaller matrices, inverted as stacks, take less time than systems one by one. */
export const SMALLEST_SYSTEM = 256;

interface DueInverse extends SpdInverseRequest {
  take(inverse: tf.Tensor2D): void;
}

/** A step's inverses: noted one by one, then computed at once, those of one order as one stack. */
export interface DueInverses {
  /** Notes that `take` is to be given `(matrix + damping·I)⁻¹`. */
  add(due: DueInverse): void;
  /** Computes what was noted, and counts its retries. */
  compute(): void;
  /**
   * `(matrix + damping·I)⁻¹` of which one product is wanted. A large one is a system, solved with all
   * that are posed by then; a small one is noted with the inverses, whose stacks cost less.
   */
  once(matrix: tf.Tensor2D, damping: tf.Tensor | number): OnceUsed;
}

export interface OnceUsed {
  /** `(matrix + damping·I)⁻¹ rhs`; the right-hand side itself where no damping makes it finite. */
  solve(rhs: tf.Tensor2D): Later<tf.Tensor2D>;
  /** For diagnostics. */
  inverse(): tf.Tensor2D;
}

export function dueInverses(precision: Precision, events: EventCounters): DueInverses {
  let noted: DueInverse[] = [];
  const posed = posedSystems(precision, events);
  const system = (matrix: tf.Tensor2D, damping: tf.Tensor | number): OnceUsed => ({
    solve: (rhs) => posed({ matrix, rhs, damping }),
    inverse: () => spdInverse(matrix, { damping, precision }).inverse,
  });
  const stacked = (matrix: tf.Tensor2D, damping: tf.Tensor | number): OnceUsed => {
    let inverse: tf.Tensor2D | undefined;
    const take = (computed: tf.Tensor2D) => {
      inverse = computed;
    };
    noted.push({ matrix, damping, take });
    return {
      solve: (rhs) => () => tf.matMul(inverse as tf.Tensor2D, rhs),
      inverse: () => inverse as tf.Tensor2D,
    };
  };
  return {
    add: (due) => noted.push(due),
    once: (matrix, damping) =>
      matrix.shape[0] >= SMALLEST_SYSTEM ? system(matrix, damping) : stacked(matrix, damping),
    compute: () => {
      const due = noted;
      noted = [];
      spdInverses(due, { precision }).forEach(({ inverse, retries }, i) => {
        due[i]?.take(inverse);
        events.countRetries(retries);
      });
    },
  };
}

export interface FactorInverse {
  /** `[d, d]`, or its diagonal `[d]`. */
  readonly value: tf.Variable;
  /** Has `(S + ridge·I)⁻¹` computed; where no damping makes that finite, the previous one stays. */
  refresh(factor: tf.Tensor, ridge: tf.Tensor | number): void;
}

export interface FactorInverseOptions {
  readonly order: number;
  /** The factor is given, and inverted, as the vector of its diagonal. */
  readonly diagonal?: boolean;
}

/** Starts as the identity. */
export function factorInverse(
  state: OptimizerState,
  name: string,
  { order, diagonal = false }: FactorInverseOptions,
  inverses: DueInverses,
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
      inverses.add({
        matrix: factor as tf.Tensor2D,
        damping: ridge,
        previous: value as tf.Tensor as tf.Tensor2D,
        take: (inverse) => value.assign(inverse),
      });
    },
  };
}
