/**
 * @file The Cholesky factor L of a symmetric positive definite matrix and its inverse M = L⁻¹, by
 * recursive 2×2 blocks, so that nearly all of it is matrix products:
 *
 *   A = [P ·; Q R],  L₁ = chol P,  L₂₁ = Q M₁ᵀ,  L₂ = chol(R − L₂₁ L₂₁ᵀ),  M₂₁ = −M₂ L₂₁ M₁
 *
 * The complement is formed from L₂₁, not from an explicit P⁻¹: with P⁻¹ (four products instead of
 * six for A⁻¹) the error grows as the square of the condition number, and at 1e4 is a hundred times
 * LAPACK's; this way it equals LAPACK's.
 *
 * A stack of matrices is factored at once: small matrices cost what their nodes cost, and a stack
 * has no more of them.
 */
import type { GraphBuilder } from "../../graph.ts";
import { type FactorOptions, type InverseFactor, Leaves } from "./leaves.ts";
import {
  allFinite,
  type Float,
  identityLike,
  inFloat,
  padEnd,
  product,
  slice,
  stackedProduct,
} from "./matrix.ts";

/** Larger leaves mean fewer nodes, smaller ones more matrix products. */
const LEAF = 64;
const LEAF_OF_LARGE = 128;
const LARGE = 1024;

/**
 * Factors the symmetric matrix whose lower triangle `matrix` holds. `positive` is a bool scalar, or
 * `[count]`: where it is false the matrix is not positive definite (or not finite) and the factor
 * is garbage.
 */
export function inverseFactor(
  b: GraphBuilder,
  matrix: string,
  options: FactorOptions,
): { root: InverseFactor; positive: string } {
  const leaves = new Leaves(b, options);
  const root = factor(b, matrix, options.n, options, leaves);
  return { root, positive: leaves.positive() };
}

/**
 * Where a block of order n, of a matrix of order `whole`, is split: after whole leaves, so that only
 * the last one needs padding. All of it where it is a leaf itself.
 */
export function firstHalf(n: number, whole = n): number {
  const leaf = whole < LARGE ? LEAF : LEAF_OF_LARGE;
  return n <= leaf ? n : Math.ceil(n / 2 / leaf) * leaf;
}

function factor(
  b: GraphBuilder,
  matrix: string,
  n: number,
  options: FactorOptions,
  leaves: Leaves,
): InverseFactor {
  const h = firstHalf(n, options.n);
  if (h === n) return leaves.factor(matrix, n);
  const multiply = options.count === undefined ? product : stackedProduct;
  const [near, far] = [[0, h] as const, [h, n] as const];
  const first = factor(b, slice(b, matrix, { rows: near, columns: near }), h, options, leaves);
  const below = slice(b, matrix, { rows: far, columns: near });
  const l21 = multiply(b, below, first.inverse, { transY: true });
  const rest = slice(b, matrix, { rows: far, columns: far });
  const complement = multiply(b, l21, l21, { transY: true, alpha: -1, plus: rest });
  const second = factor(b, complement, n - h, options, leaves);
  const corner = multiply(b, second.inverse, multiply(b, l21, first.inverse), { alpha: -1 });
  const sizes = { secondSize: n - h, stacked: options.count !== undefined };
  return {
    n,
    inverse: joined(b, first.inverse, corner, second.inverse, sizes),
    ...(options.withFactor && {
      factor: joined(b, first.factor as string, l21, second.factor as string, sizes),
    }),
    split: { first, second, corner },
  };
}

/** `[[first, 0], [corner, second]]`. */
function joined(
  b: GraphBuilder,
  first: string,
  corner: string,
  second: string,
  { secondSize, stacked }: { secondSize: number; stacked: boolean },
): string {
  const top = padEnd(b, first, { rows: 0, columns: secondSize, stacked });
  return b.node("Concat", [top, b.node("Concat", [corner, second], { axis: -1 })], { axis: -2 });
}

/** Writes Cholesky for a float32 name matrix [n, n]; returns factor and ok. */
export function emitCholesky(
  b: GraphBuilder,
  matrix: string,
  n: number,
  dtype: Float,
): [factor: string, ok: string] {
  const wide = inFloat(b, matrix, "float32", dtype);
  const { root, positive } = inverseFactor(b, wide, { n, dtype, withFactor: true });
  const factor = inFloat(b, root.factor as string, dtype, "float32");
  const ok = b.node("And", [positive, allFinite(b, factor)]);
  return [b.node("Where", [ok, factor, identityLike(b, matrix)]), ok];
}
