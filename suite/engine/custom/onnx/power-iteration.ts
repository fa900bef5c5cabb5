/** @file The eigenvalue of largest magnitude, by power iteration in a Loop that ends by itself. */
import type { GraphBuilder } from "../../graph.ts";
import { loop } from "./loop.ts";
import { total } from "./matrix.ts";

export interface PowerIteration {
  readonly iterations: number;
  /** Ends when the Rayleigh quotient changes by less than this, relative to itself. */
  readonly tolerance: number;
}

/**
 * `v ← Sv/‖Sv‖`, λ = vᵀSv, for float32 names matrix [n, n] and start [n]. Returns value [], vector [n]
 * and rounds int32 []; where S is not finite: 0 and the start. 2n² FLOPs per round.
 */
export function emitLargestEigenvalue(
  b: GraphBuilder,
  matrix: string,
  start: string,
  n: number,
  { iterations, tolerance }: PowerIteration,
): [value: string, vector: string, rounds: string] {
  const float = (value: number) => b.constant(value, "float32");
  const normalized = (g: GraphBuilder, x: string) => {
    const norm = g.node("Sqrt", [total(g, g.node("Mul", [x, x]))]);
    // A zero vector stays zero; NaN stays NaN.
    const divisor = g.node("Where", [g.node("Equal", [norm, float(0)]), float(1), norm]);
    return g.node("Div", [x, divisor]);
  };
  const column = b.reshape(start, [n, 1]);
  const carried = [
    { dtype: "float32", shape: [n, 1], start: normalized(b, column) },
    { dtype: "float32", shape: [], start: float(0) },
    { dtype: "int32", shape: [], start: b.constant(0, "int32") },
  ] as const;
  const outputs = loop(b, iterations, carried, (g, values) => {
    const [vector, before, rounds] = values as [string, string, string];
    const image = g.node("MatMul", [matrix, vector]);
    const value = total(g, g.node("Mul", [vector, image]));
    const change = g.node("Abs", [g.node("Sub", [value, before])]);
    const bound = g.node("Mul", [g.node("Abs", [value]), float(tolerance)]);
    return {
      going: g.node("Greater", [change, bound]),
      values: [normalized(g, image), value, g.node("Add", [rounds, g.constant(1, "int32")])],
    };
  });
  const [vector, value, rounds] = outputs as [string, string, string];
  const good = b.node("Less", [b.node("Abs", [value]), float(3.4e38)]);
  return [
    b.node("Where", [good, value, float(0)]),
    b.reshape(b.node("Where", [good, vector, column]), [n]),
    rounds,
  ];
}
