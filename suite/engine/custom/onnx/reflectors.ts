/** @file The last step of an eigendecomposition as a graph: reflectors applied to eigenvectors. */
import type { GraphBuilder } from "../../graph.ts";
import { PANEL, panelCount, SIGN_TIE } from "../dense/eigen.ts";
import { product, slice } from "./matrix.ts";

/** Names of float32 tensors; see ReducedEigen. */
export interface ReflectorInputs {
  readonly vectors: string;
  readonly reflectors: string;
  readonly factors: string;
}

/** `V = H₁ H₂ ⋯ Z`, signs fixed; panels as `I − V T Vᵀ`. 2n³ FLOPs. */
export function emitReflectors(
  b: GraphBuilder,
  { vectors, reflectors, factors }: ReflectorInputs,
  n: number,
): string {
  let z = vectors;
  for (let index = panelCount(n) - 1; index >= 0; index--) {
    const begin = index * PANEL;
    const end = Math.min(begin + PANEL, n - 1);
    const [all, below] = [[0, n] as const, [begin, n] as const];
    // Rows are the v of this panel.
    const v = slice(b, reflectors, { rows: [begin, end], columns: below });
    const size = [0, end - begin] as const;
    const own = b.node("Gather", [factors, b.constant(index, "int64")], { axis: 0 });
    const t = slice(b, own, { rows: size, columns: size });
    const lower = slice(b, z, { rows: below, columns: all });
    const mixed = product(b, t, product(b, v, lower));
    const updated = product(b, v, mixed, { transX: true, alpha: -1, plus: lower });
    const upper = slice(b, z, { rows: [0, begin], columns: all });
    z = begin === 0 ? updated : b.node("Concat", [upper, updated], { axis: 0 });
  }
  return withFixedSigns(b, z);
}

/** The first component of largest magnitude of each column made positive. */
function withFixedSigns(b: GraphBuilder, z: string): string {
  const sizes = b.node("Abs", [z]);
  const largest = b.node("ReduceMax", [sizes, b.ints([0])], { keepdims: 1 });
  const bound = b.node("Mul", [largest, b.constant(SIGN_TIE, "float32")]);
  const tied = b.cast(b.node("GreaterOrEqual", [sizes, bound]), "int32");
  const first = b.node("ArgMax", [tied], { axis: 0, keepdims: 1 });
  const component = b.node("GatherElements", [z, first], { axis: 0 });
  const negative = b.node("Less", [component, b.constant(0, "float32")]);
  return b.node("Where", [negative, b.node("Neg", [z]), z]);
}
