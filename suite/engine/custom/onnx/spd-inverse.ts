/** @file `(S + λI)⁻¹ = Mᵀ M` as a graph, with its retries inside a Loop that runs once when all is well. */
import type { GraphBuilder } from "../../graph.ts";
import { MAX_RETRIES, RETRY_FLOOR } from "../kernels.ts";
import { inverseFactor } from "./cholesky.ts";
import type { InverseFactor } from "./leaves.ts";
import {
  assemble,
  diagonals,
  eachFinite,
  every,
  type Float,
  identityLike,
  inFloat,
  product,
  stackedProduct,
  transpose,
} from "./matrix.ts";

/** Below this order `Mᵀ M` is one product. */
const GRAM_LEAF = 256;

/** `Mᵀ M`, skipping the zero block of M. */
function gramOf(b: GraphBuilder, m: InverseFactor): string {
  if (!m.split || m.n <= GRAM_LEAF) return product(b, m.inverse, m.inverse, { transX: true });
  const { first, second, corner } = m.split;
  const topLeft = product(b, corner, corner, { transX: true, plus: gramOf(b, first) });
  const topRight = product(b, corner, second.inverse, { transX: true });
  return assemble(b, [topLeft, topRight], [transpose(b, topRight), gramOf(b, second)]);
}

/** Names of float32 tensors: matrix [n, n], damping [], previous [n, n] or ""; or stacks of them. */
export interface SpdInverseInputs {
  readonly matrix: string;
  readonly damping: string;
  readonly previous: string;
}

export interface SpdInverseShape {
  readonly n: number;
  /** Matrices in the stack; left out for one matrix. */
  readonly count?: number;
  readonly dtype: Float;
}

/** Writes SpdInverse; returns the names of its outputs, inverse and retries. */
export function emitSpdInverse(
  b: GraphBuilder,
  { matrix, damping, previous }: SpdInverseInputs,
  { n, count, dtype }: SpdInverseShape,
): [inverse: string, retries: string] {
  const size = count ?? 1;
  const s = inFloat(b, matrix, "float32", dtype);
  const sums = b.node("ReduceSum", [diagonals(b, s, size, n), b.ints([1])], { keepdims: 0 });
  const floor = b.node("Mul", [sums, b.constant(RETRY_FLOOR / n, dtype)]);
  const whole = { dtype: "float32", shape: count === undefined ? [n, n] : [count, n, n] } as const;
  const state = [
    { dtype, shape: [size] },
    { dtype: "int32", shape: [size] },
    { dtype: "bool", shape: [size] },
    whole,
  ] as const;
  const going = { dtype: "bool", shape: [] } as const;
  const attempt = b.subgraph(
    [{ dtype: "int64", shape: [] }, going, ...state],
    [going, ...state],
    (g, inputs) => {
      const [, , lambda, failures] = inputs as [string, string, string, string];
      const shift = count === undefined ? g.reshape(lambda, []) : lambda;
      const { root, positive } = inverseFactor(g, s, { n, dtype, shift, ...(count && { count }) });
      const gram =
        count === undefined
          ? gramOf(g, root)
          : stackedProduct(g, root.inverse, root.inverse, { transX: true });
      const inverse = inFloat(g, gram, dtype, "float32");
      const good = g.node("And", [g.reshape(positive, [size]), eachFinite(g, inverse, size)]);
      const larger = g.node("Max", [g.node("Mul", [lambda, g.constant(10, dtype)]), floor]);
      return [
        g.node("Not", [every(g, good)]),
        // A matrix that is done is inverted again alike while another of its stack is not.
        g.node("Where", [good, lambda, larger]),
        g.node("Add", [failures, g.cast(g.node("Not", [good]), "int32")]),
        good,
        inverse,
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
    matrix,
  ];
  const outputs = b.nodes("Loop", start, { body: attempt }, 4);
  const [, failures, good, inverse] = outputs as [string, string, string, string];
  if (count === undefined) {
    const kept = previous || identityLike(b, matrix);
    const [flag, retries] = [b.reshape(good, []), b.reshape(failures, [])];
    return [b.node("Where", [flag, inverse, kept]), retries];
  }
  const flat = b.node("Expand", [b.constant(0, "float32"), b.ints([n, n])]);
  const kept = previous || identityLike(b, flat);
  return [b.node("Where", [b.reshape(good, [size, 1, 1]), inverse, kept]), failures];
}
