/** @file Attempts with S + λI inside a Loop that runs once when all is well. */
import type { GraphBuilder } from "../../graph.ts";
import { MAX_RETRIES, RETRY_FLOOR } from "../kernels.ts";
import { loop } from "./loop.ts";
import { diagonals, eachFinite, every, type Float, inFloat } from "./matrix.ts";

/** Names of a graph's tensors: S `[n, n]` in its arithmetic, λ `[]` in float32; or stacks of them. */
export interface Damped {
  readonly matrix: string;
  readonly damping: string;
  readonly n: number;
  /** Matrices in the stack; left out for one matrix. */
  readonly count?: number;
  readonly dtype: Float;
}

export interface Attempt {
  /** float32 */
  readonly result: string;
  /** Whether the matrix was positive definite: a bool scalar, or `[count]`. */
  readonly positive: string;
}

/** Names of tensors; the first two are `[count]`, or `[1]` for one matrix. */
export interface Attempted {
  /** Whether an attempt succeeded, and `result` is finite. */
  readonly good: string;
  readonly failures: string;
  readonly result: string;
}

/**
 * Attempts with growing dampings until all of the stack are done.
 *
 * @param like a float32 tensor of the result's shape
 * @param attempt writes one attempt; its λ is a scalar in the arithmetic of S, or `[count]`
 */
export function emitDamped(
  b: GraphBuilder,
  { matrix, damping, n, count, dtype }: Damped,
  like: { readonly name: string; readonly shape: readonly number[] },
  attempt: (g: GraphBuilder, lambda: string) => Attempt,
): Attempted {
  const size = count ?? 1;
  const sums = b.node("ReduceSum", [diagonals(b, matrix, size, n), b.ints([1])], { keepdims: 0 });
  const floor = b.node("Mul", [sums, b.constant(RETRY_FLOOR / n, dtype)]);
  const zeros = b.node("Expand", [b.constant(0, "int32"), b.ints([size])]);
  const first = b.reshape(inFloat(b, damping, "float32", dtype), [size]);
  const carried = [
    { dtype, shape: [size], start: first },
    { dtype: "int32", shape: [size], start: zeros },
    { dtype: "bool", shape: [size], start: b.cast(zeros, "bool") },
    { dtype: "float32", shape: like.shape, start: like.name },
  ] as const;
  const outputs = loop(b, MAX_RETRIES + 1, carried, (g, values) => {
    const [lambda, failures] = values as [string, string];
    const shift = count === undefined ? g.reshape(lambda, []) : lambda;
    const { result, positive } = attempt(g, shift);
    const good = g.node("And", [g.reshape(positive, [size]), eachFinite(g, result, size)]);
    const larger = g.node("Max", [g.node("Mul", [lambda, g.constant(10, dtype)]), floor]);
    return {
      going: g.node("Not", [every(g, good)]),
      values: [
        // A matrix that is done is done again alike while another of its stack is not.
        g.node("Where", [good, lambda, larger]),
        g.node("Add", [failures, g.cast(g.node("Not", [good]), "int32")]),
        good,
        result,
      ],
    };
  });
  const [, failures, good, result] = outputs as [string, string, string, string];
  return { good, failures, result };
}
