/** @file Attempts at inverse roots with growing ridges, inside a Loop that runs once when all is well. */
import type { GraphBuilder } from "../../graph.ts";
import { MAX_RETRIES, RETRY_FLOOR, ROOT_TOLERANCE } from "../kernels.ts";
import type { RootAttributes } from "../rational.ts";
import { inOneRow } from "./damped.ts";
import { type Carried, loop } from "./loop.ts";
import { allFinite, every, filled } from "./matrix.ts";

export interface RidgedAttempt {
  /** float32, one for each root. */
  readonly results: readonly string[];
  /** Whether all that had to be positive definite was: bools `[roots]`. */
  readonly positive: string;
  /** float32 `[roots]`; a root fails where it exceeds ROOT_TOLERANCE. */
  readonly residuals: string;
}

/** Names of tensors; all but the last have an element for each root. */
export interface Ridged {
  /** Whether an attempt succeeded, and the result is finite. */
  readonly good: string;
  readonly retries: string;
  readonly residuals: string;
  readonly results: readonly string[];
}

/**
 * Attempts until all roots are done.
 *
 * @param like float32 tensors of the results' shapes
 * @param attempt writes one attempt; `[roots]` ρ are in the arithmetic of `precision`
 */
export function emitRidged(
  b: GraphBuilder,
  { ridge, precision: dtype }: RootAttributes,
  like: readonly { readonly name: string; readonly shape: readonly number[] }[],
  attempt: (g: GraphBuilder, rhos: string) => RidgedAttempt,
): Ridged {
  const roots = like.length;
  const carried: Carried[] = [
    { dtype, shape: [roots], start: filled(b, ridge, dtype, roots) },
    { dtype: "int32", shape: [roots], start: filled(b, 0, "int32", roots) },
    { dtype: "bool", shape: [roots], start: filled(b, 0, "bool", roots) },
    { dtype: "float32", shape: [roots], start: filled(b, 0, "float32", roots) },
    ...like.map(({ name, shape }) => ({ dtype: "float32", shape, start: name }) as const),
  ];
  const outputs = loop(b, MAX_RETRIES + 1, carried, (g, values) => {
    const [rhos, failures] = values as [string, string];
    const { results, positive, residuals } = attempt(g, rhos);
    const tolerance = g.constant(ROOT_TOLERANCE[dtype], "float32");
    const close = g.node("LessOrEqual", [residuals, tolerance]);
    const finite = inOneRow(
      g,
      results.map((result) => g.reshape(allFinite(g, result), [1])),
    );
    const good = g.node("And", [g.node("And", [positive, close]), finite]);
    const larger = g.node("Max", [
      g.node("Mul", [rhos, g.constant(10, dtype)]),
      g.constant(RETRY_FLOOR, dtype),
    ]);
    return {
      going: g.node("Not", [every(g, good)]),
      values: [
        // A root that is done is taken again alike while another is not.
        g.node("Where", [good, rhos, larger]),
        g.node("Add", [failures, g.cast(g.node("Not", [good]), "int32")]),
        good,
        residuals,
        ...results,
      ],
    };
  });
  const [, retries, good, residuals, ...results] = outputs as [string, string, string, string];
  return {
    good,
    retries,
    residuals: b.node("Where", [good, residuals, b.constant(1, "float32")]),
    results,
  };
}
