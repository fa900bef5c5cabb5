/** @file Attempts with S + λI inside a Loop that runs once when all is well. */
import type { GraphBuilder } from "../../graph.ts";
import { MAX_RETRIES, RETRY_FLOOR } from "../kernels.ts";
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
  const state = [
    { dtype, shape: [size] },
    { dtype: "int32", shape: [size] },
    { dtype: "bool", shape: [size] },
    { dtype: "float32", shape: like.shape },
  ] as const;
  const going = { dtype: "bool", shape: [] } as const;
  const body = b.subgraph(
    [{ dtype: "int64", shape: [] }, going, ...state],
    [going, ...state],
    (g, inputs) => {
      const [, , lambda, failures] = inputs as [string, string, string, string];
      const shift = count === undefined ? g.reshape(lambda, []) : lambda;
      const { result, positive } = attempt(g, shift);
      const good = g.node("And", [g.reshape(positive, [size]), eachFinite(g, result, size)]);
      const larger = g.node("Max", [g.node("Mul", [lambda, g.constant(10, dtype)]), floor]);
      return [
        g.node("Not", [every(g, good)]),
        // A matrix that is done is done again alike while another of its stack is not.
        g.node("Where", [good, lambda, larger]),
        g.node("Add", [failures, g.cast(g.node("Not", [good]), "int32")]),
        good,
        result,
      ];
    },
  );
  const zeros = b.node("Expand", [b.constant(0, "int32"), b.ints([size])]);
  const start = [
    b.constant(MAX_RETRIES + 1, "int64"),
    b.constant(1, "bool"),
    b.reshape(inFloat(b, damping, "float32", dtype), [size]),
    zeros,
    b.cast(zeros, "bool"),
    // Only a first value of the right shape: the loop runs at least once.
    like.name,
  ];
  const outputs = b.nodes("Loop", start, { body }, 4);
  const [, failures, good, result] = outputs as [string, string, string, string];
  return { good, failures, result };
}
