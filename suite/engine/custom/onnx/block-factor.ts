/**
 * @file The Cholesky factor of a symmetric positive definite matrix, or of each of a stack, in blocks of
 * which only the leaves are inverted, and systems with it: d³/3 FLOPs, nearly all in matrix products.
 *
 *   A = [P ·; Q R],  L₁ = chol P,  L₂₁ L₁ᵀ = Q,  L₂ = chol(R − L₂₁ L₂₁ᵀ)
 */
import type { GraphBuilder } from "../../graph.ts";
import { COLUMNS, inBlocks, type Lower, type Products, part, plusOuter, ROWS } from "./blocks.ts";
import type { Leafwise } from "./lock-step.ts";

/** L: the inverse of a leaf, or blocks. */
export type BlockFactor =
  | { readonly n: number; readonly inverse: string }
  | {
      readonly n: number;
      readonly first: BlockFactor;
      readonly l21: string;
      readonly second: BlockFactor;
    };

/** Factors matrices of one order, and solves with the factors. */
export class BlockSystems {
  constructor(
    private readonly b: GraphBuilder,
    private readonly order: number,
    private readonly products: Products,
  ) {}

  *factor(matrix: Lower): Leafwise<BlockFactor> {
    const { b, order, products } = this;
    const { n } = matrix;
    const blocks = inBlocks(b, matrix, order);
    if ("whole" in blocks) return yield { matrix: blocks.whole, n };
    const first = yield* this.factor(blocks.first);
    const l21 = this.rowsForward(first, blocks.below);
    const outer = { of: "rows", alpha: -1, whole: order } as const;
    const complement = plusOuter(b, blocks.second, l21, outer, products);
    return { n, first, l21, second: yield* this.factor(complement) };
  }

  /** X of `X Lᵀ = B`. */
  rowsForward(l: BlockFactor, rows: string): string {
    const { b } = this;
    const { multiply } = this.products;
    if ("inverse" in l) return multiply(b, rows, l.inverse, { transY: true });
    const [near, far] = this.halves(l, rows, COLUMNS);
    const x1 = this.rowsForward(l.first, near);
    const rest = multiply(b, x1, l.l21, { transY: true, alpha: -1, plus: far });
    return b.node("Concat", [x1, this.rowsForward(l.second, rest)], { axis: COLUMNS });
  }

  /** X of `X L = B`. */
  rowsBackward(l: BlockFactor, rows: string): string {
    const { b } = this;
    const { multiply } = this.products;
    if ("inverse" in l) return multiply(b, rows, l.inverse);
    const [near, far] = this.halves(l, rows, COLUMNS);
    const x2 = this.rowsBackward(l.second, far);
    const rest = multiply(b, x2, l.l21, { alpha: -1, plus: near });
    return b.node("Concat", [this.rowsBackward(l.first, rest), x2], { axis: COLUMNS });
  }

  /** X of `L X = B`. */
  forward(l: BlockFactor, rhs: string): string {
    const { b } = this;
    const { multiply } = this.products;
    if ("inverse" in l) return multiply(b, l.inverse, rhs);
    const [near, far] = this.halves(l, rhs, ROWS);
    const x1 = this.forward(l.first, near);
    const rest = multiply(b, l.l21, x1, { alpha: -1, plus: far });
    return b.node("Concat", [x1, this.forward(l.second, rest)], { axis: ROWS });
  }

  /** X of `Lᵀ X = B`. */
  backward(l: BlockFactor, rhs: string): string {
    const { b } = this;
    const { multiply } = this.products;
    if ("inverse" in l) return multiply(b, l.inverse, rhs, { transX: true });
    const [near, far] = this.halves(l, rhs, ROWS);
    const x2 = this.backward(l.second, far);
    const rest = multiply(b, l.l21, x2, { transX: true, alpha: -1, plus: near });
    return b.node("Concat", [this.backward(l.first, rest), x2], { axis: ROWS });
  }

  private halves(
    { n, first }: Extract<BlockFactor, { l21: string }>,
    x: string,
    axis: typeof ROWS | typeof COLUMNS,
  ): [near: string, far: string] {
    return [part(this.b, x, axis, [0, first.n]), part(this.b, x, axis, [first.n, n])];
  }
}
