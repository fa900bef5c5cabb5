/** @file Systems of damped symmetric positive semi-definite matrices. */
import * as tf from "@tensorflow/tfjs-core";
import { type Precision, runCustomKernel, SPD_SOLVE } from "../engine/custom/kernels.ts";
import { requireShape, squareOrder } from "./check.ts";
import type { PrecisionOption } from "./factorizations.ts";
import { groupsOf } from "./groups.ts";

export interface SpdSolveOptions extends PrecisionOption {
  /** λ ≥ 0, absolute; a scalar tensor is never read back. */
  readonly damping: number | tf.Tensor;
}

export interface SpdSolution {
  /** `[d, m]`, finite where the right-hand side is. */
  readonly solution: tf.Tensor2D;
  /** As of `SpdInverse`; 7 where no damping worked and `solution` is the right-hand side. */
  readonly retries: tf.Scalar;
}

/**
 * `(S + λI)⁻¹ B` for a symmetric S `[d, d]` and B `[d, m]`, m much smaller than d: a third of what
 * `spdInverse` takes, with its retries and its errors. d³/3 + 2d²m FLOPs per attempt.
 */
export function spdSolve(
  matrix: tf.Tensor2D,
  rhs: tf.Tensor2D,
  { damping, precision = "float32" }: SpdSolveOptions,
): SpdSolution {
  return spdSolves([{ matrix, rhs, damping }], { precision })[0] as SpdSolution;
}

export interface SpdSystem extends Pick<SpdSolveOptions, "damping"> {
  readonly matrix: tf.Tensor2D;
  readonly rhs: tf.Tensor2D;
}

/**
 * `spdSolve` of many systems, whatever their orders: together they take less time than one by one, for
 * what a matrix of a few hundred rows takes is mostly what its graph's nodes cost.
 */
export function spdSolves(
  systems: readonly SpdSystem[],
  { precision = "float32" }: PrecisionOption = {},
): SpdSolution[] {
  return groupsOf(systems).flatMap((group) => solvedTogether(group, precision));
}

function solvedTogether(systems: readonly SpdSystem[], precision: Precision): SpdSolution[] {
  return tf.tidy(() => {
    const inputs = systems.flatMap(({ matrix, rhs, damping }) => {
      const d = squareOrder(matrix, "spdSolve");
      requireShape(rhs, [d, rhs.shape[1]], "spdSolve: rhs");
      const lambda = typeof damping === "number" ? tf.scalar(damping) : damping;
      requireShape(lambda, [], "spdSolve: damping");
      return [matrix, lambda, rhs];
    });
    const outputs = runCustomKernel(SPD_SOLVE, inputs, { precision });
    const retries = tf.unstack(outputs.at(-1) as tf.Tensor);
    return systems.map((_, i) => ({
      solution: outputs[i] as tf.Tensor2D,
      retries: retries[i] as tf.Scalar,
    }));
  });
}
