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

/** On which side of the unknown X a factor stands. */
export type Side = "left" | "right";

/**
 * Factors matrices of one order, and solves with the factors.
 *
 * Right-hand sides and solutions come in pieces, next to each other where the factor stands on the right,
 * below each other on its left: to put them together and to cut them is to copy them.
 */
export class BlockSystems {
  constructor(
    private readonly b: GraphBuilder,
    private readonly order: number,
    private readonly products: Products,
  ) {}

  /** @param shared whether the matrix is one, of which a stack's differ by their leaves' shifts */
  *factor(matrix: Lower, shared = false): Leafwise<BlockFactor> {
    const { b, order, products } = this;
    const { n } = matrix;
    const blocks = inBlocks(b, matrix, order);
    if ("whole" in blocks) return yield { matrix: blocks.whole, n, shared };
    const first = yield* this.factor(blocks.first, shared);
    const l21 = this.whole(this.forward(first, blocks.below, "right"), "right");
    const outer = { of: "rows", alpha: -1, whole: order } as const;
    const complement = plusOuter(b, blocks.second, l21, outer, products);
    return { n, first, l21, second: yield* this.factor(complement) };
  }

  /** X of `L X = B`, or of `X Lᵀ = B`. */
  forward(l: BlockFactor, rhs: string, side: Side): string[] {
    if ("inverse" in l) return [this.times(l.inverse, rhs, side)];
    const [near, far] = this.halves(l, rhs, side);
    const x1 = this.whole(this.forward(l.first, near, side), side);
    const rest = this.times(l.l21, x1, side, { alpha: -1, plus: far });
    return [x1, ...this.forward(l.second, rest, side)];
  }

  /** X of `Lᵀ X = B`, or of `X L = B`. @param rhs as `forward` left it, or one piece */
  backward(l: BlockFactor, rhs: readonly string[], side: Side): string[] {
    const [piece] = rhs as [string];
    if ("inverse" in l) return [this.times(l.inverse, piece, side, { transposed: true })];
    const [near, ...far] = rhs.length > 1 ? rhs : this.halves(l, piece, side);
    const x2 = this.whole(this.backward(l.second, far, side), side);
    const form = { transposed: true, alpha: -1, plus: near as string };
    return [...this.backward(l.first, [this.times(l.l21, x2, side, form)], side), x2];
  }

  /** Pieces put together. */
  whole(pieces: readonly string[], side: Side): string {
    if (pieces.length === 1) return pieces[0] as string;
    return this.b.node("Concat", pieces, { axis: axisOf(side) });
  }

  /** `α op(A) x + plus`, or on the right `α x op(A)ᵀ + plus`; op transposes where it is asked to. */
  private times(
    matrix: string,
    x: string,
    side: Side,
    { transposed = false, ...form }: { transposed?: boolean; alpha?: number; plus?: string } = {},
  ): string {
    const { multiply } = this.products;
    return side === "left"
      ? multiply(this.b, matrix, x, { transX: transposed, ...form })
      : multiply(this.b, x, matrix, { transY: !transposed, ...form });
  }

  private halves(
    { n, first }: Extract<BlockFactor, { l21: string }>,
    x: string,
    side: Side,
  ): [near: string, far: string] {
    const axis = axisOf(side);
    return [part(this.b, x, axis, [0, first.n]), part(this.b, x, axis, [first.n, n])];
  }
}

const axisOf = (side: Side) => (side === "left" ? ROWS : COLUMNS);
