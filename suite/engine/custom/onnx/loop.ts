/** @file Rounds of a computation inside a graph. */
import type { GraphBuilder, OnnxDtype } from "../../graph.ts";

/** A value that one round hands to the next. */
export interface Carried {
  readonly dtype: OnnxDtype;
  readonly shape: readonly number[];
  /** The first round's; read for its shape where a round never reads it. */
  readonly start: string;
}

/**
 * Writes a Loop that ends after `rounds`, or with the first after which `going` is false; returns the
 * names of the last values. What is one round in any case is written without.
 *
 * @param round gets the names of the values and of its index, an int64 scalar
 * @param begins a bool scalar: whether there is a first round
 */
export function loop(
  b: GraphBuilder,
  rounds: number,
  carried: readonly Carried[],
  round: (
    g: GraphBuilder,
    values: string[],
    index: string,
  ) => { going: string; values: readonly string[] },
  begins?: string,
): string[] {
  if (rounds === 1 && begins === undefined) {
    const starts = carried.map(({ start }) => start);
    return [...round(b, starts, b.constant(0, "int64")).values];
  }
  const types = carried.map(({ dtype, shape }) => ({ dtype, shape }));
  const flag = { dtype: "bool", shape: [] } as const;
  const body = b.subgraph(
    [{ dtype: "int64", shape: [] }, flag, ...types],
    [flag, ...types],
    (g, [index, , ...values]) => {
      const { going, values: next } = round(g, values, index as string);
      return [going, ...next];
    },
  );
  const inputs = [
    b.constant(rounds, "int64"),
    begins ?? b.constant(1, "bool"),
    ...carried.map(({ start }) => start),
  ];
  return b.nodes("Loop", inputs, { body }, carried.length);
}
