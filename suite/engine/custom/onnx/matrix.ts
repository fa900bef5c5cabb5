/** @file ONNX nodes of dense linear algebra: blocks, products, and scalars of a loop. */
import type { GraphBuilder } from "../../graph.ts";

/** Arithmetic inside a graph. */
export type Float = "float32" | "float64";

/** Half-open ranges of rows and columns. */
export interface Block {
  readonly rows: readonly [number, number];
  readonly columns: readonly [number, number];
}

/** A block of the last two axes of `x`. */
export function slice(b: GraphBuilder, x: string, { rows, columns }: Block): string {
  const starts = b.ints([rows[0], columns[0]]);
  const ends = b.ints([rows[1], columns[1]]);
  return b.node("Slice", [x, starts, ends, b.ints([-2, -1])]);
}

export function transpose(b: GraphBuilder, x: string): string {
  return b.node("Transpose", [x], { perm: [1, 0] });
}

/** `alpha·op(x) op(y) + c`, for matrices; op transposes where it is asked to. */
export function product(
  b: GraphBuilder,
  x: string,
  y: string,
  options: { transX?: boolean; transY?: boolean; alpha?: number; plus?: string } = {},
): string {
  const { transX, transY, alpha = 1, plus } = options;
  return b.node("Gemm", plus ? [x, y, plus] : [x, y], {
    transA: transX ? 1 : 0,
    transB: transY ? 1 : 0,
    alpha: { float: alpha },
  });
}

/** The n×n identity, like a matrix of that shape and dtype. */
export function identityLike(b: GraphBuilder, matrix: string): string {
  return b.node("EyeLike", [matrix]);
}

/** The diagonal of an n×n matrix, `[n]`. */
export function diagonal(b: GraphBuilder, matrix: string, n: number): string {
  const flat = b.reshape(matrix, [n * n]);
  return b.node("Slice", [flat, b.ints([0]), b.ints([n * n]), b.ints([0]), b.ints([n + 1])]);
}

/** The sum of all elements, a scalar. */
export function total(b: GraphBuilder, x: string): string {
  return b.node("ReduceSum", [x], { keepdims: 0 });
}

/** Whether every element is finite, as far as float32 holds their sum; a bool scalar. */
export function allFinite(b: GraphBuilder, x: string): string {
  const sum = b.cast(total(b, x), "float32");
  return b.node("Less", [b.node("Abs", [sum]), b.constant(3.4e38, "float32")]);
}

/** Whether every element is positive and finite; a bool scalar. */
export function allPositive(b: GraphBuilder, x: string, dtype: Float): string {
  const positive = b.node("Greater", [x, b.constant(0, dtype)]);
  const finite = b.node("Less", [x, b.constant(Number.POSITIVE_INFINITY, dtype)]);
  // ReduceMin of floats may pass over NaN; of flags it cannot.
  const flags = b.cast(b.node("And", [positive, finite]), "int32");
  return b.cast(b.node("ReduceMin", [flags], { keepdims: 0 }), "bool");
}

/** `x` in this arithmetic; no node where it already is. */
export function inFloat(b: GraphBuilder, x: string, from: Float, to: Float): string {
  return from === to ? x : b.cast(x, to);
}
