/** @file Attempts at an inverse root with growing ridges, inside a Loop that runs once when all is well. */
import type { GraphBuilder } from "../../graph.ts";
import { MAX_RETRIES, RETRY_FLOOR, ROOT_TOLERANCE } from "../kernels.ts";
import type { RootAttributes } from "../rational.ts";
import { allFinite } from "./matrix.ts";

export interface RidgedAttempt {
  /** float32 */
  readonly result: string;
  /** Whether all that had to be positive definite was: a bool scalar. */
  readonly positive: string;
  /** float32 scalar; a root fails where it exceeds ROOT_TOLERANCE. */
  readonly residual: string;
}

/** Names of tensors. */
export interface Ridged {
  /** Whether an attempt succeeded, and `result` is finite. */
  readonly good: string;
  readonly retries: string;
  readonly residual: string;
  readonly result: string;
}

/**
 * @param like a float32 tensor of the result's shape
 * @param attempt writes one attempt; ρ is a scalar in the arithmetic of `precision`
 */
export function emitRidged(
  b: GraphBuilder,
  { ridge, precision: dtype }: RootAttributes,
  like: { readonly name: string; readonly shape: readonly number[] },
  attempt: (g: GraphBuilder, rho: string) => RidgedAttempt,
): Ridged {
  const state = [
    { dtype, shape: [] },
    { dtype: "int32", shape: [] },
    { dtype: "bool", shape: [] },
    { dtype: "float32", shape: [] },
    { dtype: "float32", shape: like.shape },
  ] as const;
  const going = { dtype: "bool", shape: [] } as const;
  const body = b.subgraph(
    [{ dtype: "int64", shape: [] }, going, ...state],
    [going, ...state],
    (g, inputs) => {
      const [, , rho, attempts] = inputs as [string, string, string, string];
      const { result, positive, residual } = attempt(g, rho);
      const close = g.node("LessOrEqual", [residual, g.constant(ROOT_TOLERANCE[dtype], "float32")]);
      const good = g.node("And", [g.node("And", [positive, close]), allFinite(g, result)]);
      const larger = g.node("Mul", [rho, g.constant(10, dtype)]);
      return [
        g.node("Not", [good]),
        g.node("Max", [larger, g.constant(RETRY_FLOOR, dtype)]),
        g.node("Add", [attempts, g.constant(1, "int32")]),
        good,
        residual,
        result,
      ];
    },
  );
  const start = [
    b.constant(MAX_RETRIES + 1, "int64"),
    b.constant(1, "bool"),
    b.constant(ridge, dtype),
    b.constant(0, "int32"),
    b.constant(0, "bool"),
    b.constant(0, "float32"),
    // Only a first value of the right shape: the loop runs at least once.
    like.name,
  ];
  const outputs = b.nodes("Loop", start, { body }, 5);
  const [, attempts, good, residual, result] = outputs as [string, string, string, string, string];
  return {
    good,
    retries: b.node("Sub", [attempts, b.cast(good, "int32")]),
    residual: b.node("Where", [good, residual, b.constant(1, "float32")]),
    result,
  };
}
