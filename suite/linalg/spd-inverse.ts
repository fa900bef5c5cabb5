/** @file The damped inverse of a symmetric positive semi-definite matrix. */
import * as tf from "@tensorflow/tfjs-core";
import { type Precision, runCustomKernel, SPD_INVERSE } from "../engine/custom/kernels.ts";
import { requireShape, squareOrder } from "./check.ts";

export interface SpdInverseOptions {
  /** λ ≥ 0, absolute; a scalar tensor is never read back. */
  readonly damping: number | tf.Tensor;
  /** What to return when no damping works, `[d, d]`; the identity without it. */
  readonly previous?: tf.Tensor2D;
  /** Arithmetic inside, where the backend has a choice. Default `float32`. */
  readonly precision?: Precision;
}

export interface SpdInverse {
  /** `[d, d]`, always finite. */
  readonly inverse: tf.Tensor2D;
  /**
   * int32 scalar: 0 where λ worked, k = 1 to 6 where the k-th larger damping did, 7 where none did
   * and `inverse` is the previous one. A graph value: reading it is up to the caller.
   */
  readonly retries: tf.Scalar;
}

/**
 * `(S + λI)⁻¹` for a symmetric S `[d, d]` (its symmetric part is taken).
 *
 * Where S + λI is not positive definite, or the result not finite, λ becomes
 * `max(10 λ, 1e-7·tr(S)/d)`, up to six times. d³ FLOPs per attempt.
 */
export function spdInverse(matrix: tf.Tensor2D, options: SpdInverseOptions): SpdInverse {
  const { damping, previous, precision = "float32" } = options;
  const d = squareOrder(matrix, "spdInverse");
  if (previous) requireShape(previous, [d, d], "spdInverse: previous");
  return tf.tidy(() => {
    const lambda = typeof damping === "number" ? tf.scalar(damping) : damping;
    requireShape(lambda, [], "spdInverse: damping");
    const inputs = { matrix, damping: lambda, ...(previous && { previous }) };
    const [inverse, retries] = runCustomKernel(SPD_INVERSE, inputs, { precision });
    return { inverse: inverse as tf.Tensor2D, retries: retries as tf.Scalar };
  });
}
