/** @file Attempts with S + λI inside a Loop that runs once when all is well. */
import type { GraphBuilder } from "../../graph.ts";
import { MAX_RETRIES, RETRY_FLOOR } from "../kernels.ts";
import { type Carried, loop } from "./loop.ts";
import { diagonals, eachFinite, every, type Float, inFloat } from "./matrix.ts";

/** Matrices S of one order that are attempted as one, and what comes of them. */
export interface Damped {
  /** S `[n, n]`, or a stack `[count, n, n]`, in the arithmetic of the attempts. */
  readonly matrix: string;
  readonly n: number;
  readonly count: number;
  /** A float32 tensor of the shape that the result has. */
  readonly like: { readonly name: string; readonly shape: readonly number[] };
}

export interface Attempt {
  /** float32, one for each `Damped`. */
  readonly results: readonly string[];
  /** Whether the matrices were positive definite: bools, one for each matrix of all. */
  readonly positive: string;
}

/** Names of tensors; the first two have an element for each matrix of all. */
export interface Attempted {
  /** Whether an attempt succeeded, and the matrix's result is finite. */
  readonly good: string;
  readonly failures: string;
  readonly results: readonly string[];
}

/**
 * Attempts with growing dampings until all matrices are done.
 *
 * @param damping λ of every matrix, float32
 * @param attempt writes one attempt; its λ is in the arithmetic of S, one for each matrix
 */
export function emitDamped(
  b: GraphBuilder,
  all: readonly Damped[],
  damping: string,
  dtype: Float,
  attempt: (g: GraphBuilder, lambda: string) => Attempt,
): Attempted {
  const size = all.reduce((sum, { count }) => sum + count, 0);
  const floors = all.map(({ matrix, n, count }) => {
    const diagonal = diagonals(b, matrix, count, n);
    const sums = b.node("ReduceSum", [diagonal, b.ints([1])], { keepdims: 0 });
    return b.node("Mul", [sums, b.constant(RETRY_FLOOR / n, dtype)]);
  });
  const floor = inOneRow(b, floors);
  const zeros = b.node("Expand", [b.constant(0, "int32"), b.ints([size])]);
  const first = b.reshape(inFloat(b, damping, "float32", dtype), [size]);
  const carried: Carried[] = [
    { dtype, shape: [size], start: first },
    { dtype: "int32", shape: [size], start: zeros },
    { dtype: "bool", shape: [size], start: b.cast(zeros, "bool") },
    ...all.map(({ like }) => ({ dtype: "float32", shape: like.shape, start: like.name }) as const),
  ];
  const outputs = loop(b, MAX_RETRIES + 1, carried, (g, values) => {
    const [lambda, failures] = values as [string, string];
    const { results, positive } = attempt(g, lambda);
    const finite = all.map(({ count }, i) => eachFinite(g, results[i] as string, count));
    const good = g.node("And", [positive, inOneRow(g, finite)]);
    const larger = g.node("Max", [g.node("Mul", [lambda, g.constant(10, dtype)]), floor]);
    return {
      going: g.node("Not", [every(g, good)]),
      values: [
        // A matrix that is done is done again alike while another is not.
        g.node("Where", [good, lambda, larger]),
        g.node("Add", [failures, g.cast(g.node("Not", [good]), "int32")]),
        good,
        ...results,
      ],
    };
  });
  const [, failures, good, ...results] = outputs as [string, string, string];
  return { good, failures, results };
}

/** Vectors behind each other. */
export function inOneRow(b: GraphBuilder, vectors: readonly string[]): string {
  return vectors.length === 1 ? (vectors[0] as string) : b.node("Concat", vectors, { axis: 0 });
}
