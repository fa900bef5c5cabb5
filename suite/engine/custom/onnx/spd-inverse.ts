/** @file `(S + λI)⁻¹ = Mᵀ M` as a graph, with its retries inside a Loop that runs once when all is well. */
import type { GraphBuilder } from "../../graph.ts";
import { MAX_RETRIES, RETRY_FLOOR } from "../kernels.ts";
import { assemble } from "./blocks.ts";
import { type InverseFactor, inverseFactor } from "./cholesky.ts";
import {
  allFinite,
  diagonal,
  type Float,
  identityLike,
  inFloat,
  product,
  total,
  transpose,
} from "./matrix.ts";

/** Below this order `Mᵀ M` is one product. */
const GRAM_LEAF = 256;

/** `Mᵀ M + plus`, skipping the zero block of M. */
export function gramOf(b: GraphBuilder, m: InverseFactor): string {
  if (!m.split || m.n <= GRAM_LEAF) return product(b, m.inverse, m.inverse, { transX: true });
  const { first, second, corner } = m.split;
  const topLeft = product(b, corner, corner, { transX: true, plus: gramOf(b, first) });
  const topRight = product(b, corner, second.inverse, { transX: true });
  return assemble(b, [topLeft, topRight], [transpose(b, topRight), gramOf(b, second)]);
}

/** Names of float32 tensors: matrix [n, n], damping [], previous [n, n] or "". */
export interface SpdInverseInputs {
  readonly matrix: string;
  readonly damping: string;
  readonly previous: string;
}

/** Writes SpdInverse; returns the names of its outputs, inverse and retries. */
export function emitSpdInverse(
  b: GraphBuilder,
  { matrix, damping, previous }: SpdInverseInputs,
  n: number,
  dtype: Float,
): [inverse: string, retries: string] {
  const s = inFloat(b, matrix, "float32", dtype);
  const mean = b.node("Div", [total(b, diagonal(b, s, n)), b.constant(n, dtype)]);
  const floor = b.node("Mul", [mean, b.constant(RETRY_FLOOR, dtype)]);
  const attempt = b.subgraph(
    [
      { dtype: "int64", shape: [] },
      { dtype: "bool", shape: [] },
      { dtype, shape: [] },
      { dtype: "int32", shape: [] },
      { dtype: "bool", shape: [] },
      { dtype: "float32", shape: [n, n] },
    ],
    [
      { dtype: "bool", shape: [] },
      { dtype, shape: [] },
      { dtype: "int32", shape: [] },
      { dtype: "bool", shape: [] },
      { dtype: "float32", shape: [n, n] },
    ],
    (body, [, , lambda, attempts]) => {
      const { root, positive } = inverseFactor(body, s, n, { dtype, shift: lambda as string });
      const inverse = inFloat(body, gramOf(body, root), dtype, "float32");
      const good = body.node("And", [positive, allFinite(body, inverse)]);
      const larger = body.node("Mul", [lambda as string, body.constant(10, dtype)]);
      return [
        body.node("Not", [good]),
        body.node("Max", [larger, floor]),
        body.node("Add", [attempts as string, body.constant(1, "int32")]),
        good,
        inverse,
      ];
    },
  );
  const start = [
    b.constant(MAX_RETRIES + 1, "int64"),
    b.constant(1, "bool"),
    inFloat(b, damping, "float32", dtype),
    b.constant(0, "int32"),
    b.constant(0, "bool"),
    // Only a first value of the right shape: the loop runs at least once.
    matrix,
  ];
  const [, attempts, good, inverse] = b.nodes("Loop", start, { body: attempt }, 4) as [
    string,
    string,
    string,
    string,
  ];
  const kept = previous || identityLike(b, matrix);
  return [b.node("Where", [good, inverse, kept]), b.node("Sub", [attempts, b.cast(good, "int32")])];
}
