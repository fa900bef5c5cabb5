/** @file Systems of a damped symmetric positive semi-definite matrix. */
import * as tf from "@tensorflow/tfjs-core";
import { runCustomKernel, SPD_SOLVE } from "../engine/custom/kernels.ts";
import { requireShape, squareOrder } from "./check.ts";
import type { PrecisionOption } from "./factorizations.ts";

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
  const d = squareOrder(matrix, "spdSolve");
  requireShape(rhs, [d, rhs.shape[1]], "spdSolve: rhs");
  return tf.tidy(() => {
    const lambda = typeof damping === "number" ? tf.scalar(damping) : damping;
    requireShape(lambda, [], "spdSolve: damping");
    const inputs = { matrix, damping: lambda, rhs };
    const [solution, retries] = runCustomKernel(SPD_SOLVE, inputs, { precision });
    return { solution: solution as tf.Tensor2D, retries: retries as tf.Scalar };
  });
}
