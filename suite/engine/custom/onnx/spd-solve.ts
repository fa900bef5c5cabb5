/**
 * @file `(S + λI)⁻¹ B` as a graph: the recursion of cholesky.ts without the inverse factors of more
 * than a leaf, which a few right-hand sides do not repay. d³/3 FLOPs and little more, nearly all in
 * matrix products:
 *
 *   A = [P ·; Q R],  L₁ = chol P,  L₂₁ L₁ᵀ = Q,  L₂ = chol(R − L₂₁ L₂₁ᵀ)
 */
import type { GraphBuilder } from "../../graph.ts";
import { COLUMNS, IN_BLOCKS, inBlocks, type Lower, part, plusOuter, ROWS } from "./blocks.ts";
import { emitDamped } from "./damped.ts";
import { Leaves } from "./leaves.ts";
import { type Float, inFloat, product } from "./matrix.ts";

/** L: the inverse of a leaf, or blocks. */
type Factor =
  | { readonly n: number; readonly inverse: string }
  | { readonly n: number; readonly first: Factor; readonly l21: string; readonly second: Factor };

/** Names of float32 tensors: matrix [n, n], damping [], rhs [n, m]. */
export interface SpdSolveInputs {
  readonly matrix: string;
  readonly damping: string;
  readonly rhs: string;
}

export interface SpdSolveShape {
  readonly n: number;
  readonly columns: number;
  readonly dtype: Float;
}

/** Writes SpdSolve; returns the names of its outputs, solution and retries. */
export function emitSpdSolve(
  b: GraphBuilder,
  { matrix, damping, rhs }: SpdSolveInputs,
  { n, columns, dtype }: SpdSolveShape,
): [solution: string, retries: string] {
  const s = inFloat(b, matrix, "float32", dtype);
  const right = inFloat(b, rhs, "float32", dtype);
  const { good, failures, result } = emitDamped(
    b,
    { matrix: s, damping, n, dtype },
    { name: rhs, shape: [n, columns] },
    (g, shift) => {
      const leaves = new Leaves(g, { n, dtype, shift });
      const l = factor(g, { n, whole: s }, n, leaves);
      const solution = backward(g, l, forward(g, l, right));
      return { result: inFloat(g, solution, dtype, "float32"), positive: leaves.positive() };
    },
  );
  return [b.node("Where", [b.reshape(good, []), result, rhs]), b.reshape(failures, [])];
}

function factor(b: GraphBuilder, matrix: Lower, order: number, leaves: Leaves): Factor {
  const { n } = matrix;
  const blocks = inBlocks(b, matrix, order);
  if ("whole" in blocks) return leaves.factor(blocks.whole, n);
  const first = factor(b, blocks.first, order, leaves);
  const l21 = beside(b, first, blocks.below);
  const outer = { of: "rows", alpha: -1, whole: order } as const;
  const complement = plusOuter(b, blocks.second, l21, outer, IN_BLOCKS);
  return { n, first, l21, second: factor(b, complement, order, leaves) };
}

/** X of `X Lᵀ = B`. */
function beside(b: GraphBuilder, l: Factor, rhs: string): string {
  if ("inverse" in l) return product(b, rhs, l.inverse, { transY: true });
  const x1 = beside(b, l.first, part(b, rhs, COLUMNS, [0, l.first.n]));
  const rest = part(b, rhs, COLUMNS, [l.first.n, l.n]);
  const x2 = beside(b, l.second, product(b, x1, l.l21, { transY: true, alpha: -1, plus: rest }));
  return b.node("Concat", [x1, x2], { axis: 1 });
}

/** X of `L X = B`. */
function forward(b: GraphBuilder, l: Factor, rhs: string): string {
  if ("inverse" in l) return product(b, l.inverse, rhs);
  const x1 = forward(b, l.first, part(b, rhs, ROWS, [0, l.first.n]));
  const rest = part(b, rhs, ROWS, [l.first.n, l.n]);
  const x2 = forward(b, l.second, product(b, l.l21, x1, { alpha: -1, plus: rest }));
  return b.node("Concat", [x1, x2], { axis: 0 });
}

/** X of `Lᵀ X = B`. */
function backward(b: GraphBuilder, l: Factor, rhs: string): string {
  if ("inverse" in l) return product(b, l.inverse, rhs, { transX: true });
  const x2 = backward(b, l.second, part(b, rhs, ROWS, [l.first.n, l.n]));
  const rest = part(b, rhs, ROWS, [0, l.first.n]);
  const x1 = backward(b, l.first, product(b, l.l21, x2, { transX: true, alpha: -1, plus: rest }));
  return b.node("Concat", [x1, x2], { axis: 0 });
}
