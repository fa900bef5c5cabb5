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
 * `max(10 λ, 1e-7·tr(S)/d)`, up to six times. d³ FLOPs per attempt. Relative error, for a condition κ
 * of S + λI: about 5e-8·κ in float32 (at κ = 1e6 it may fail), 1e-14·κ in float64.
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

export interface SpdInverseRequest extends Omit<SpdInverseOptions, "precision"> {
  readonly matrix: tf.Tensor2D;
}

/** Small matrices cost what their graph's nodes cost: a stack of them has no more of these. */
const LARGEST_STACKED = 256;

/**
 * `spdInverse` of many matrices. Those of one order are inverted as one stack, which takes hardly
 * longer than one of them where they are small.
 */
export function spdInverses(
  requests: readonly SpdInverseRequest[],
  { precision = "float32" }: { readonly precision?: Precision } = {},
): SpdInverse[] {
  const results: SpdInverse[] = [];
  for (const indices of stacks(requests)) {
    const members = indices.map((index) => requests[index] as SpdInverseRequest);
    const inverses =
      members.length === 1
        ? members.map(({ matrix, ...options }) => spdInverse(matrix, { ...options, precision }))
        : stackedInverses(members, precision);
    indices.forEach((index, i) => {
      results[index] = inverses[i] as SpdInverse;
    });
  }
  return results;
}

/** Indices of requests that go together. */
function stacks(requests: readonly SpdInverseRequest[]): number[][] {
  const groups = new Map<string, number[]>();
  requests.forEach(({ matrix, previous }, index) => {
    const d = squareOrder(matrix, "spdInverses");
    const key = d > LARGEST_STACKED ? `alone ${index}` : `${d} ${previous !== undefined}`;
    groups.set(key, [...(groups.get(key) ?? []), index]);
  });
  return [...groups.values()];
}

function stackedInverses(
  requests: readonly SpdInverseRequest[],
  precision: Precision,
): SpdInverse[] {
  return tf.tidy(() => {
    const d = requests[0]?.matrix.shape[0] as number;
    const previous = requests.flatMap((request) => request.previous ?? []);
    for (const kept of previous) requireShape(kept, [d, d], "spdInverses: previous");
    const dampings = requests.map(({ damping }) =>
      typeof damping === "number" ? tf.scalar(damping) : tf.reshape(damping, []),
    );
    const inputs = {
      matrix: tf.stack(requests.map(({ matrix }) => matrix)),
      damping: tf.stack(dampings),
      ...(previous.length > 0 && { previous: tf.stack(previous) }),
    };
    const [inverses, retries] = runCustomKernel(SPD_INVERSE, inputs, { precision });
    const counts = tf.unstack(retries as tf.Tensor);
    return tf.unstack(inverses as tf.Tensor).map((inverse, i) => ({
      inverse: inverse as tf.Tensor2D,
      retries: counts[i] as tf.Scalar,
    }));
  });
}
