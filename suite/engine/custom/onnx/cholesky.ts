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
import {
  factorProduct,
  IN_BLOCKS,
  inBlocks,
  LARGE,
  LARGE_OF_STACK,
  type Lower,
  type Products,
  plusOuter,
  STACK_IN_BLOCKS,
} from "./blocks.ts";
import { type FactorOptions, type InverseFactor, Leaves } from "./leaves.ts";
import {
  allFinite,
  type Float,
  identityLike,
  inFloat,
  padEnd,
  product,
  stackedProduct,
} from "./matrix.ts";

/**
 * Factors the symmetric matrix whose lower triangle `matrix` holds, whole or in blocks. `positive` is
 * a bool scalar, or `[count]`: where it is false the matrix is not positive definite (or not finite)
 * and the factor is garbage.
 */
export function inverseFactor(
  b: GraphBuilder,
  matrix: Lower,
  options: FactorOptions,
): { root: InverseFactor; positive: string } {
  const leaves = new Leaves(b, options);
  const root = factor(b, matrix, options, leaves);
  return { root, positive: leaves.positive() };
}

function factor(
  b: GraphBuilder,
  matrix: Lower,
  options: FactorOptions,
  leaves: Leaves,
): InverseFactor {
  const { n } = matrix;
  const blocks = inBlocks(b, matrix, options.n);
  if ("whole" in blocks) return leaves.factor(blocks.whole, n);
  const products = productsOf(options);
  const first = factor(b, blocks.first, options, leaves);
  const l21 = factorProduct(b, first, blocks.below, { side: "right", transpose: true }, products);
  const outer = { of: "rows", alpha: -1, whole: options.n } as const;
  const complement = plusOuter(b, blocks.second, l21, outer, products);
  const second = factor(b, complement, options, leaves);
  const carried = factorProduct(b, first, l21, { side: "right" }, products);
  const corner = factorProduct(b, second, carried, { side: "left", alpha: -1 }, products);
  const sizes = { secondSize: second.n, stacked: options.count !== undefined };
  let inverse: string | undefined;
  return {
    n,
    // Put together only for those who read it: to most its blocks are enough.
    get inverse() {
      inverse ??= joined(b, first.inverse, corner, second.inverse, sizes);
      return inverse;
    },
    ...(options.withFactor && {
      factor: joined(b, first.factor as string, l21, second.factor as string, sizes),
    }),
    split: { first, second, corner },
  };
}

/** How matrices of that order, or stacks of them, are multiplied. */
export function productsOf({ n, count }: Pick<FactorOptions, "n" | "count">): Products {
  const [inBlocks, smallest, multiply] =
    count === undefined
      ? ([IN_BLOCKS, LARGE, product] as const)
      : ([STACK_IN_BLOCKS, LARGE_OF_STACK, stackedProduct] as const);
  return n >= smallest ? inBlocks : { multiply, dense: Number.POSITIVE_INFINITY };
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
  const whole = { n, whole: wide };
  const { root, positive } = inverseFactor(b, whole, { n, dtype, withFactor: true });
  const factor = inFloat(b, root.factor as string, dtype, "float32");
  const ok = b.node("And", [positive, allFinite(b, factor)]);
  return [b.node("Where", [ok, factor, identityLike(b, matrix)]), ok];
}
