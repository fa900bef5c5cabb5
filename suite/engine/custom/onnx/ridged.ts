/** @file Attempts at an inverse root with growing ridges, inside a Loop that runs once when all is well. */
import type { GraphBuilder } from "../../graph.ts";
import { MAX_RETRIES, RETRY_FLOOR, ROOT_TOLERANCE } from "../kernels.ts";
import type { RootAttributes } from "../rational.ts";
import { loop } from "./loop.ts";
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
  const carried = [
    { dtype, shape: [], start: b.constant(ridge, dtype) },
    { dtype: "int32", shape: [], start: b.constant(0, "int32") },
    { dtype: "bool", shape: [], start: b.constant(0, "bool") },
    { dtype: "float32", shape: [], start: b.constant(0, "float32") },
    { dtype: "float32", shape: like.shape, start: like.name },
  ] as const;
  const outputs = loop(b, MAX_RETRIES + 1, carried, (g, values) => {
    const [rho, attempts] = values as [string, string];
    const { result, positive, residual } = attempt(g, rho);
    const close = g.node("LessOrEqual", [residual, g.constant(ROOT_TOLERANCE[dtype], "float32")]);
    const good = g.node("And", [g.node("And", [positive, close]), allFinite(g, result)]);
    const larger = g.node("Mul", [rho, g.constant(10, dtype)]);
    return {
      going: g.node("Not", [good]),
      values: [
        g.node("Max", [larger, g.constant(RETRY_FLOOR, dtype)]),
        g.node("Add", [attempts, g.constant(1, "int32")]),
        good,
        residual,
        result,
      ],
    };
  });
  const [, attempts, good, residual, result] = outputs as [string, string, string, string, string];
  return {
    good,
    retries: b.node("Sub", [attempts, b.cast(good, "int32")]),
    residual: b.node("Where", [good, residual, b.constant(1, "float32")]),
    result,
  };
}
