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
  const bound = b.node("Mul", [first.value, b.constant(1 + OTHER_EXCESS, "float32")]);
  const squares = b.node("ReduceSumSquare", [matrix], { keepdims: 0 });
  const square = b.node("Mul", [first.value, first.value]);
  const second = iterate(b, matrix, other, n, iteration, {
    begins: b.node("GreaterOrEqual", [squares, b.node("Add", [square, square])]),
    goesOn: (g, { value, rounds }) => {
      const early = g.node("Less", [rounds, g.constant(OTHER_ROUNDS, "int32")]);
      return g.node("Or", [early, g.node("Greater", [value, bound])]);
    },
  });
  const more = b.node("Greater", [second.value, bound]);
  const chosen = (name: keyof Pair) => b.node("Where", [more, second[name], first[name]]);
  return { vector: chosen("vector"), value: chosen("value"), rounds: chosen("rounds") };
}

interface Bounds {
  /** A bool scalar: whether to take a first round. */
  readonly begins: string;
  /** Whether to take another, by the last one's results. */
  goesOn(g: GraphBuilder, last: Pair): string;
}

/** Rounds from a column until the value stands still; fewer within `bounds`. */
function iterate(
  b: GraphBuilder,
  matrix: string,
  column: string,
  n: number,
  { iterations, tolerance }: PowerIteration,
  bounds?: Bounds,
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
      const moving = g.node("Greater", [change, bound]);
      const rounds = g.node("Add", [done, g.constant(1, "int32")]);
      const next = { vector: normalized(g, image), value, rounds };
      return {
        going: bounds ? g.node("And", [moving, bounds.goesOn(g, next)]) : moving,
        values: [next.vector, value, rounds],
      };
    },
    bounds?.begins,
  ) as [string, string, string];
  return { vector, value, rounds };
}

/** A zero vector stays zero; NaN stays NaN. */
function normalized(g: GraphBuilder, x: string): string {
  const norm = g.node("Sqrt", [total(g, g.node("Mul", [x, x]))]);
  const isZero = g.node("Equal", [norm, g.constant(0, "float32")]);
  return g.node("Div", [x, g.node("Where", [isZero, g.constant(1, "float32"), norm])]);
}
