/**
 * @file ONNX nodes of dense linear algebra, for matrices and for stacks of equal matrices
 * `[k, ·, ·]`: products, blocks, and checks whose outcome is a flag.
 */
import type { GraphBuilder, OnnxDtype } from "../../graph.ts";

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

/** `[[topLeft, topRight], [bottomLeft, bottomRight]]`, over the last two axes. */
export function assemble(
  b: GraphBuilder,
  top: readonly [string, string],
  bottom: readonly [string, string],
): string {
  const rows = [top, bottom].map((row) => b.node("Concat", row, { axis: -1 }));
  return b.node("Concat", rows, { axis: -2 });
}

/**
 * Zeros below and to the right of a matrix, or of each of a stack. (With Pad's `axes` instead of the
 * rank, ONNX Runtime 1.30's transpose optimizer misreads the padding of a stack.)
 */
export function padEnd(
  b: GraphBuilder,
  x: string,
  { rows, columns, stacked }: { rows: number; columns: number; stacked: boolean },
): string {
  const before = stacked ? [0, 0, 0] : [0, 0];
  return b.node("Pad", [x, b.ints([...before, ...before.slice(2), rows, columns])]);
}

export function transpose(b: GraphBuilder, x: string): string {
  return b.node("Transpose", [x], { perm: [1, 0] });
}

export interface ProductOptions {
  readonly transX?: boolean;
  readonly transY?: boolean;
  readonly alpha?: number;
  readonly plus?: string;
}

/** `alpha·op(x) op(y) + plus`, for matrices; op transposes where it is asked to. */
export function product(
  b: GraphBuilder,
  x: string,
  y: string,
  { transX, transY, alpha = 1, plus }: ProductOptions = {},
): string {
  return b.node("Gemm", plus ? [x, y, plus] : [x, y], {
    transA: transX ? 1 : 0,
    transB: transY ? 1 : 0,
    alpha: { float: alpha },
  });
}

/** The same for each of a stack. */
export function stackedProduct(
  b: GraphBuilder,
  x: string,
  y: string,
  { transX, transY, alpha = 1, plus }: ProductOptions = {},
): string {
  const result = b.node("com.microsoft:FusedMatMul", [x, y], {
    transA: transX ? 1 : 0,
    transB: transY ? 1 : 0,
    alpha: { float: alpha },
  });
  return plus ? b.node("Add", [plus, result]) : result;
}

/** `Σ alpha·xᵀ y + plus` over a stack: one product, for rows below each other add up. */
export function summedProduct(
  b: GraphBuilder,
  x: string,
  y: string,
  options: ProductOptions = {},
): string {
  const rows = (stack: string) => b.node("Flatten", [stack], { axis: -1 });
  return product(b, rows(x), rows(y), options);
}

/** A vector of equal values. */
export function filled(b: GraphBuilder, value: number, dtype: OnnxDtype, length: number): string {
  return b.constant(Array<number>(length).fill(value), dtype, [length]);
}

/** The n×n identity, like a matrix of that shape and dtype. */
export function identityLike(b: GraphBuilder, matrix: string): string {
  return b.node("EyeLike", [matrix]);
}

/** The diagonals of `count` n×n matrices, `[count, n]`. */
export function diagonals(b: GraphBuilder, matrices: string, count: number, n: number): string {
  const flat = b.reshape(matrices, [count, n * n]);
  return b.node("Slice", [flat, b.ints([0]), b.ints([n * n]), b.ints([1]), b.ints([n + 1])]);
}

/** The sum of all elements, a scalar. */
export function total(b: GraphBuilder, x: string): string {
  return b.node("ReduceSum", [x], { keepdims: 0 });
}

/** Whether every element is finite, as far as float32 holds their sum; a bool scalar. */
export function allFinite(b: GraphBuilder, x: string): string {
  return isFinite32(b, b.cast(total(b, x), "float32"));
}

/** The same for each of `count` equal parts; bools `[count]`. */
export function eachFinite(b: GraphBuilder, x: string, count: number): string {
  const sums = b.node("ReduceSum", [b.reshape(x, [count, -1]), b.ints([1])], { keepdims: 0 });
  return isFinite32(b, b.cast(sums, "float32"));
}

function isFinite32(b: GraphBuilder, sums: string): string {
  return b.node("Less", [b.node("Abs", [sums]), b.constant(3.4e38, "float32")]);
}

/** Whether every element of each column of float64 `x` is positive and finite; bools `[columns]`. */
export function columnsPositive(b: GraphBuilder, x: string): string {
  const positive = b.node("Greater", [x, b.constant(0, "float64")]);
  const finite = b.node("Less", [x, b.constant(Number.POSITIVE_INFINITY, "float64")]);
  // ReduceMin of floats may pass over NaN; of flags it cannot.
  return every(b, b.node("And", [positive, finite]), 0);
}

/** Whether all flags along an axis, or all there are, are set. */
export function every(b: GraphBuilder, flags: string, axis?: number): string {
  const numbers = b.cast(flags, "int32");
  const inputs = axis === undefined ? [numbers] : [numbers, b.ints([axis])];
  return b.cast(b.node("ReduceMin", inputs, { keepdims: 0 }), "bool");
}

/** `x` in this arithmetic; no node where it already is. */
export function inFloat(b: GraphBuilder, x: string, from: Float, to: Float): string {
  return from === to ? x : b.cast(x, to);
}
