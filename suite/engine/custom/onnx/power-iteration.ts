/** @file The eigenvalue of largest magnitude, by power iteration in a Loop that ends by itself. */
import type { GraphBuilder } from "../../graph.ts";
import { OTHER_EXCESS, OTHER_ROUNDS, type PowerIteration, seededVector } from "../kernels.ts";
import { loop } from "./loop.ts";
import { total } from "./matrix.ts";

/**
 * `v ← Sv/‖Sv‖`, λ = vᵀSv, for float32 names matrix [n, n] and start [n]. Returns value [], vector [n] and rounds int32 []; where S is not finite: 0 and
 * the start. 2n² FLOPs per round.
 */
export function emitLargestEigenvalue(
  b: GraphBuilder,
  matrix: string,
  start: string | undefined,
  n: number,
  iteration: PowerIteration,
): [value: string, vector: string, rounds: string] {
  const seeded = b.constant([...seededVector(n)], "float32", [n, 1]);
  const column = start ? b.reshape(start, [n, 1]) : seeded;
  const first = iterate(b, matrix, column, n, iteration);
  const best = start ? larger(b, first, matrix, seeded, n, iteration) : first;
  const good = b.node("Less", [b.node("Abs", [best.value]), b.constant(3.4e38, "float32")]);
  return [
    b.node("Where", [good, best.value, b.constant(0, "float32")]),
    b.reshape(b.node("Where", [good, best.vector, column]), [n]),
    best.rounds,
  ];
}

/** Names of a round's results. */
interface Pair {
  readonly vector: string;
  readonly value: string;
  readonly rounds: string;
}

/**
 * `first`, or what is found from `other`. Without a round where `first` is certainly the top: were there a
 * larger eigenvalue beside it, ‖S‖² would be twice its square or more.
 */
function larger(
  b: GraphBuilder,
  first: Pair,
  matrix: string,
  other: string,
  n: number,
  iteration: PowerIteration,
): Pair {
  const squares = b.node("ReduceSumSquare", [matrix], { keepdims: 0 });
  const square = b.node("Mul", [first.value, first.value]);
  const begins = b.node("GreaterOrEqual", [squares, b.node("Add", [square, square])]);
  const carried = [
    { dtype: "float32", shape: [n, 1], start: other },
    { dtype: "float32", shape: [], start: b.constant(0, "float32") },
  ] as const;
  // One round of the loop, which a false flag skips: to watch every step costs more than the steps.
  const look = (g: GraphBuilder, [start]: string[]) => {
    let vector = normalized(g, start as string);
    for (let round = 0; round < OTHER_ROUNDS; round++) {
      vector = normalized(g, g.node("MatMul", [matrix, vector]));
    }
    const value = total(g, g.node("Mul", [vector, g.node("MatMul", [matrix, vector])]));
    return { going: g.constant(0, "bool"), values: [vector, value] };
  };
  const [seen, value] = loop(b, 1, carried, look, begins) as [string, string];
  const bound = b.node("Mul", [first.value, b.constant(1 + OTHER_EXCESS, "float32")]);
  const more = b.node("Greater", [value, bound]);
  const left = Math.max(1, iteration.iterations - OTHER_ROUNDS);
  const second = iterate(b, matrix, seen, n, { ...iteration, iterations: left }, more);
  const rounds = b.node("Add", [second.rounds, b.constant(OTHER_ROUNDS, "int32")]);
  const chosen = (found: string, otherwise: string) => b.node("Where", [more, found, otherwise]);
  return {
    vector: chosen(second.vector, first.vector),
    value: chosen(second.value, first.value),
    rounds: chosen(rounds, first.rounds),
  };
}

/** Rounds from a column until the value stands still. @param begins whether there is a first one: a bool scalar */
function iterate(
  b: GraphBuilder,
  matrix: string,
  column: string,
  n: number,
  { iterations, tolerance }: PowerIteration,
  begins?: string,
): Pair {
  const carried = [
    { dtype: "float32", shape: [n, 1], start: normalized(b, column) },
    { dtype: "float32", shape: [], start: b.constant(0, "float32") },
    { dtype: "int32", shape: [], start: b.constant(0, "int32") },
  ] as const;
  const [vector, value, rounds] = loop(
    b,
    iterations,
    carried,
    (g, values) => {
      const [vector, before, done] = values as [string, string, string];
      const image = g.node("MatMul", [matrix, vector]);
      const value = total(g, g.node("Mul", [vector, image]));
      const change = g.node("Abs", [g.node("Sub", [value, before])]);
      const bound = g.node("Mul", [g.node("Abs", [value]), g.constant(tolerance, "float32")]);
      return {
        going: g.node("Greater", [change, bound]),
        values: [normalized(g, image), value, g.node("Add", [done, g.constant(1, "int32")])],
      };
    },
    begins,
  ) as [string, string, string];
  return { vector, value, rounds };
}

/** A zero vector stays zero; NaN stays NaN. */
function normalized(g: GraphBuilder, x: string): string {
  const norm = g.node("Sqrt", [total(g, g.node("Mul", [x, x]))]);
  const isZero = g.node("Equal", [norm, g.constant(0, "float32")]);
  return g.node("Div", [x, g.node("Where", [isZero, g.constant(1, "float32"), norm])]);
}
