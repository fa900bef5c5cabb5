/**
 * @file Symmetric matrices of which only the lower triangle is computed, in blocks, and what keeps
 * the zero blocks of a triangular factor out of products with it.
 */
import type { GraphBuilder } from "../../graph.ts";
import type { InverseFactor } from "./leaves.ts";
import { assemble, product, slice, stackedProduct, summedProduct, transpose } from "./matrix.ts";

/** Larger leaves mean fewer nodes, smaller ones more matrix products. */
const LEAF = 64;
const LEAF_OF_LARGE = 128;
/** From this order on what is known to be zero or symmetric is left out of the products. */
export const LARGE = 1024;
/** The same for stacks, whose products of small blocks are as fast. */
export const LARGE_OF_STACK = 512;

/** How products of blocks are written. */
export interface Products {
  readonly multiply: typeof product;
  /** Largest order of a block that is one product, whatever of it is zero or known. */
  readonly dense: number;
}

/** Of matrices whose blocks repay what smaller products lose. */
export const IN_BLOCKS: Products = { multiply: product, dense: 256 };

/** The same of a stack. */
export const STACK_IN_BLOCKS: Products = { multiply: stackedProduct, dense: 128 };

/** Sums over a stack, of products of the form `xᵀ y`. */
export const SUM_IN_BLOCKS: Products = { multiply: summedProduct, dense: 128 };

/**
 * Where a block of order n, of a matrix of order `whole`, is split: after whole leaves, so that only
 * the last one needs padding. All of it where it is a leaf itself.
 */
export function firstHalf(n: number, whole = n): number {
  const leaf = whole < LARGE ? LEAF : LEAF_OF_LARGE;
  return n <= leaf ? n : Math.ceil(n / 2 / leaf) * leaf;
}

/** The lower triangle of a symmetric matrix: in one piece, whose upper triangle is not read, or in blocks. */
export type Lower =
  | { readonly n: number; readonly whole: string }
  | { readonly n: number; readonly first: Lower; readonly below: string; readonly second: Lower };

/** In blocks, unless it is a leaf of a matrix of order `whole`. */
export function inBlocks(b: GraphBuilder, matrix: Lower, whole: number): Lower {
  const { n } = matrix;
  const h = firstHalf(n, whole);
  if (h === n || !("whole" in matrix)) return matrix;
  const [near, far] = [[0, h] as const, [h, n] as const];
  const block = (rows: readonly [number, number], columns: readonly [number, number]) =>
    slice(b, matrix.whole, { rows, columns });
  return {
    n,
    first: { n: h, whole: block(near, near) },
    below: block(far, near),
    second: { n: n - h, whole: block(far, far) },
  };
}

/**
 * In blocks, and the first block again, down to the first leaf: the cuts that a factorization makes of
 * the matrix itself. (Second blocks it cuts once they are complements.)
 */
export function halvedToLeaf(b: GraphBuilder, matrix: Lower, whole: number): Lower {
  const blocks = inBlocks(b, matrix, whole);
  if ("whole" in blocks) return blocks;
  return { ...blocks, first: halvedToLeaf(b, blocks.first, whole) };
}

/** Every block through `change`. */
export function eachBlock(matrix: Lower, change: (block: string) => string): Lower {
  if ("whole" in matrix) return { ...matrix, whole: change(matrix.whole) };
  const { n, first, below, second } = matrix;
  return {
    n,
    first: eachBlock(first, change),
    below: change(below),
    second: eachBlock(second, change),
  };
}

export interface Outer {
  /** Products of x's rows (`x xᵀ`) or of its columns (`xᵀ x`). */
  readonly of: "rows" | "columns";
  readonly alpha: number;
  /** Order of the matrix that A is a block of. */
  readonly whole: number;
}

/** `A + α x xᵀ` or `A + α xᵀ x`. */
export function plusOuter(
  b: GraphBuilder,
  matrix: Lower,
  x: string,
  form: Outer,
  products: Products,
): Lower {
  const { n } = matrix;
  const { of, alpha, whole } = form;
  const axis = of === "rows" ? ROWS : COLUMNS;
  const transposed = of === "rows" ? { transY: true } : { transX: true };
  const times = (y: string, z: string, plus: string) =>
    products.multiply(b, y, z, { ...transposed, alpha, plus });
  const blocks = n > products.dense ? inBlocks(b, matrix, whole) : matrix;
  if ("whole" in blocks) return { n, whole: times(x, x, blocks.whole) };
  const { first, below, second } = blocks;
  const [near, far] = [part(b, x, axis, [0, first.n]), part(b, x, axis, [first.n, n])];
  return {
    n,
    first: plusOuter(b, first, near, form, products),
    below: times(far, near, below),
    second: plusOuter(b, second, far, form, products),
  };
}

/** The whole matrix, both triangles. */
export function symmetric(b: GraphBuilder, matrix: Lower): string {
  if ("whole" in matrix) return matrix.whole;
  const { first, below, second } = matrix;
  return assemble(b, [symmetric(b, first), transpose(b, below)], [below, symmetric(b, second)]);
}

export const ROWS = -2;
export const COLUMNS = -1;

/** Some of the rows or columns of a matrix, or of each of a stack. */
export function part(
  b: GraphBuilder,
  x: string,
  axis: typeof ROWS | typeof COLUMNS,
  [from, to]: readonly [number, number],
): string {
  return b.node("Slice", [x, b.ints([from]), b.ints([to]), b.ints([axis])]);
}

export interface FactorProduct {
  /** On which side of x the factor M stands. */
  readonly side: "left" | "right";
  readonly transpose?: boolean;
  readonly alpha?: number;
}

/** `α op(M) x` or `α x op(M)` for a lower triangular M, without M's zero blocks. */
export function factorProduct(
  b: GraphBuilder,
  m: InverseFactor,
  x: string,
  form: FactorProduct,
  products: Products,
): string {
  const { side, transpose: flipped = false, alpha = 1 } = form;
  const left = side === "left";
  const times = (matrix: string, y: string, plus?: string) =>
    left
      ? products.multiply(b, matrix, y, { transX: flipped, alpha, ...(plus && { plus }) })
      : products.multiply(b, y, matrix, { transY: flipped, alpha, ...(plus && { plus }) });
  if (!m.split || m.n <= products.dense) return times(m.inverse, x);
  const { first, second, corner } = m.split;
  const axis = left ? ROWS : COLUMNS;
  const x1 = part(b, x, axis, [0, first.n]);
  const x2 = part(b, x, axis, [first.n, m.n]);
  const y1 = factorProduct(b, first, x1, form, products);
  const y2 = factorProduct(b, second, x2, form, products);
  // op(M) x and x op(M) meet M's corner with the other half of x.
  const results = left !== flipped ? [y1, times(corner, x1, y2)] : [times(corner, x2, y1), y2];
  return b.node("Concat", results, { axis });
}

/** `Mᵀ M`, in blocks; with `SUM_IN_BLOCKS` the sum over a stack. */
export function gramBlocks(
  b: GraphBuilder,
  m: InverseFactor,
  whole: number,
  products: Products,
): Lower {
  const { n } = m;
  if (!m.split || n <= products.dense) {
    return { n, whole: products.multiply(b, m.inverse, m.inverse, { transX: true }) };
  }
  const { first, second, corner } = m.split;
  const outer = { of: "columns", alpha: 1, whole } as const;
  return {
    n,
    first: plusOuter(b, gramBlocks(b, first, whole, products), corner, outer, products),
    below: factorProduct(b, second, corner, { side: "left", transpose: true }, products),
    second: gramBlocks(b, second, whole, products),
  };
}
