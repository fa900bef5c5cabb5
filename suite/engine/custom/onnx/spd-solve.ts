/**
 * @file `(S + λI)⁻¹ B` as a graph: the recursion of cholesky.ts without the inverse factors of more
 * than a leaf, which a few right-hand sides do not repay. d³/3 FLOPs and little more, nearly all in
 * matrix products:
 *
 *   A = [P ·; Q R],  L₁ = chol P,  L₂₁ L₁ᵀ = Q,  L₂ = chol(R − L₂₁ L₂₁ᵀ)
 */
import type { GraphBuilder } from "../../graph.ts";
import { firstHalf } from "./cholesky.ts";
import { emitDamped } from "./damped.ts";
import { Leaves } from "./leaves.ts";
import { type Float, inFloat, product, slice } from "./matrix.ts";

/** Below this order a complement is one product, though half of it is never read. */
const COMPLEMENT_LEAF = 256;

/** The lower triangle of a symmetric matrix: whole, or in blocks. */
type Lower =
  | { readonly n: number; readonly whole: string }
  | { readonly n: number; readonly first: Lower; readonly below: string; readonly second: Lower };

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
      const factor = new Factorization(g, n, leaves).of({ n, whole: s });
      const solution = backward(g, factor, forward(g, factor, right));
      return { result: inFloat(g, solution, dtype, "float32"), positive: leaves.positive() };
    },
  );
  return [b.node("Where", [b.reshape(good, []), result, rhs]), b.reshape(failures, [])];
}

class Factorization {
  constructor(
    private readonly b: GraphBuilder,
    /** Order of the whole matrix. */
    private readonly order: number,
    private readonly leaves: Leaves,
  ) {}

  of(matrix: Lower): Factor {
    const { b } = this;
    const blocks = this.split(matrix);
    if ("whole" in blocks) return this.leaves.factor(blocks.whole, blocks.n);
    const first = this.of(blocks.first);
    const l21 = beside(b, first, blocks.below);
    return { n: matrix.n, first, l21, second: this.of(this.minus(blocks.second, l21)) };
  }

  /** In blocks, unless it is a leaf. */
  private split(matrix: Lower): Lower {
    const { n } = matrix;
    const h = firstHalf(n, this.order);
    if (h === n || !("whole" in matrix)) return matrix;
    const [near, far] = [[0, h] as const, [h, n] as const];
    const block = (rows: readonly [number, number], columns: readonly [number, number]) =>
      slice(this.b, matrix.whole, { rows, columns });
    return {
      n,
      first: { n: h, whole: block(near, near) },
      below: block(far, near),
      second: { n: n - h, whole: block(far, far) },
    };
  }

  /** `A − x xᵀ` */
  private minus(matrix: Lower, x: string): Lower {
    const { b } = this;
    const { n } = matrix;
    const blocks = n > COMPLEMENT_LEAF ? this.split(matrix) : matrix;
    if ("whole" in blocks) {
      return { n, whole: product(b, x, x, { transY: true, alpha: -1, plus: blocks.whole }) };
    }
    const { first, below, second } = blocks;
    const [upper, lower] = [part(b, x, 0, [0, first.n]), part(b, x, 0, [first.n, n])];
    return {
      n,
      first: this.minus(first, upper),
      below: product(b, lower, upper, { transY: true, alpha: -1, plus: below }),
      second: this.minus(second, lower),
    };
  }
}

/** X of `X Lᵀ = B`. */
function beside(b: GraphBuilder, l: Factor, rhs: string): string {
  if ("inverse" in l) return product(b, rhs, l.inverse, { transY: true });
  const x1 = beside(b, l.first, part(b, rhs, 1, [0, l.first.n]));
  const rest = part(b, rhs, 1, [l.first.n, l.n]);
  const x2 = beside(b, l.second, product(b, x1, l.l21, { transY: true, alpha: -1, plus: rest }));
  return b.node("Concat", [x1, x2], { axis: 1 });
}

/** X of `L X = B`. */
function forward(b: GraphBuilder, l: Factor, rhs: string): string {
  if ("inverse" in l) return product(b, l.inverse, rhs);
  const x1 = forward(b, l.first, part(b, rhs, 0, [0, l.first.n]));
  const rest = part(b, rhs, 0, [l.first.n, l.n]);
  const x2 = forward(b, l.second, product(b, l.l21, x1, { alpha: -1, plus: rest }));
  return b.node("Concat", [x1, x2], { axis: 0 });
}

/** X of `Lᵀ X = B`. */
function backward(b: GraphBuilder, l: Factor, rhs: string): string {
  if ("inverse" in l) return product(b, l.inverse, rhs, { transX: true });
  const x2 = backward(b, l.second, part(b, rhs, 0, [l.first.n, l.n]));
  const rest = part(b, rhs, 0, [0, l.first.n]);
  const x1 = backward(b, l.first, product(b, l.l21, x2, { transX: true, alpha: -1, plus: rest }));
  return b.node("Concat", [x1, x2], { axis: 0 });
}

function part(b: GraphBuilder, x: string, axis: 0 | 1, [from, to]: readonly [number, number]) {
  return b.node("Slice", [x, b.ints([from]), b.ints([to]), b.ints([axis])]);
}
