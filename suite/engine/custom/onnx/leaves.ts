/**
 * @file Where the recursion of cholesky.ts ends: blocks of up to 128, in float64. ONNX has no Cholesky, and
 * a loop over columns costs a dozen nodes each; quarters.ts takes about 13 per halving.
 *
 * Its explicit inverses lose the square of the condition number κ, which float64 can afford while the
 * rest is float32. Where the rest is float64 too, a leaf C is factored in two stages of condition √κ
 * each, as in shifted Cholesky QR (Fukaya et al. 2020): M₁ of C + μI, then M₂ of M₁ C M₁ᵀ; M = M₂ M₁.
 */
import type { GraphBuilder } from "../../graph.ts";
import {
  assemble,
  columnsPositive,
  type Float,
  inFloat,
  padEnd,
  slice,
  stackedProduct,
} from "./matrix.ts";
import { inverseFactors, type Quarters, quartered } from "./quarters.ts";
import { SMALL } from "./small-blocks.ts";

/** Lower triangular M `[n, n]` (or a stack of them) with `M A Mᵀ = I`; blocks where it was split. */
export interface InverseFactor {
  readonly n: number;
  readonly inverse: string;
  /** L itself, where it was asked for. */
  readonly factor?: string;
  readonly split?: {
    readonly first: InverseFactor;
    readonly second: InverseFactor;
    /** M₂₁. */
    readonly corner: string;
  };
}

export interface LeafOptions {
  readonly dtype: Float;
  /**
   * Matrices in the stack `[count, n, n]`, or shifts of the one matrix `[n, n]` that makes it up; left out
   * for one matrix and at most one shift.
   */
  readonly count?: number;
  /** Added to the diagonal: a scalar of `dtype`, or `[count]`. */
  readonly shift?: string;
  /** Also write L. */
  readonly withFactor?: boolean;
}

export interface FactorOptions extends LeafOptions {
  readonly n: number;
}

/** μ, relative to the mean eigenvalue of a leaf: the middle of the condition numbers met. */
const STAGE_SHIFT = 1e-5;

/** Factors leaves and remembers their pivots. */
export class Leaves {
  private readonly pivots: string[] = [];
  private readonly diagonals = new Map<string, string>();

  constructor(
    private readonly b: GraphBuilder,
    private readonly options: LeafOptions,
  ) {}

  /** Whether every pivot of every leaf was positive: a bool scalar, or one for each of the stack. */
  positive(): string {
    const { b, options } = this;
    const columns = this.pivots.map((name) => b.reshape(name, [-1, options.count ?? 1]));
    const flags = columnsPositive(b, b.node("Concat", columns, { axis: 0 }));
    return options.count === undefined ? b.reshape(flags, []) : flags;
  }

  factor(matrix: string, n: number): InverseFactor {
    const { b, options } = this;
    const { count, dtype } = options;
    const size = Math.max(2 * SMALL, 2 ** Math.ceil(Math.log2(n)));
    const narrow = (x: string) => {
      const leaves = count === undefined ? b.reshape(x, [size, size]) : x;
      return size === n ? leaves : slice(b, leaves, { rows: [0, n], columns: [0, n] });
    };
    const leaf = this.prepare(matrix, n, size);
    const inverse =
      dtype === "float64" ? this.invertInStages(leaf, size) : this.invert(leaf, size, dtype);
    if (!options.withFactor) return { n, inverse: narrow(inverse) };
    // C = L Lᵀ and M = L⁻¹, so L = C Mᵀ.
    const wide = inFloat(b, inverse, dtype, "float64");
    const full = stackedProduct(b, this.whole(leaf, size / 2), wide, { transY: true });
    const factor = b.node("Trilu", [inFloat(b, full, "float64", dtype)], { upper: 0 });
    return { n, inverse: narrow(inverse), factor: narrow(factor) };
  }

  /** The leaf in float64, mirrored from its lower triangle, shifted, and padded by an identity. */
  private prepare(matrix: string, n: number, size: number): Quarters {
    const { b } = this;
    const { dtype } = this.options;
    const stack = b.reshape(matrix, [-1, n, n]);
    const room = { rows: size - n, columns: size - n, stacked: true };
    const padded = size === n ? stack : padEnd(b, stack, room);
    const g = size / 2;
    const { first, lower, second } = mirrored(b, quartered(b, padded, g), g);
    const wide = (quarter: string) => inFloat(b, quarter, dtype, "float64");
    return {
      first: this.plusDiagonal(wide(first), g, Math.min(g, n)),
      lower: wide(lower),
      second: this.plusDiagonal(wide(second), g, Math.max(0, n - g)),
    };
  }

  /** With the shift on the first `own` places of the diagonal, and ones, the padding's, on the rest. */
  private plusDiagonal(quarter: string, g: number, own: number): string {
    const { b, options } = this;
    const { count, dtype, shift } = options;
    if (!shift && own === g) return quarter;
    let added = this.diagonals.get(`${own} of ${g}`);
    if (added === undefined) {
      added = b.constant(diagonal(g, own, g), "float64", [1, g, g]);
      if (shift) {
        const shifts = b.reshape(inFloat(b, shift, dtype, "float64"), [count ?? 1, 1, 1]);
        const places = b.constant(diagonal(g, 0, own), "float64", [1, g, g]);
        const shifted = b.node("Mul", [shifts, places]);
        added = own === g ? shifted : b.node("Add", [shifted, added]);
      }
      this.diagonals.set(`${own} of ${g}`, added);
    }
    return b.node("Add", [quarter, added]);
  }

  private invertInStages(leaf: Quarters, size: number): string {
    const { b } = this;
    const g = size / 2;
    const identity = b.constant(diagonal(g, 0, g), "float64", [g, g]);
    const entries = b.node("Mul", [b.node("Add", [leaf.first, leaf.second]), identity]);
    const trace = b.node("ReduceSum", [entries, b.ints([1, 2])], { keepdims: 1 });
    const shift = b.node("Mul", [trace, b.constant(STAGE_SHIFT / size, "float64")]);
    const shifted = (quarter: string) => b.node("Add", [quarter, b.node("Mul", [shift, identity])]);
    const first = this.invert(
      { ...leaf, first: shifted(leaf.first), second: shifted(leaf.second) },
      size,
      "float64",
    );
    const half = stackedProduct(b, first, this.whole(leaf, g));
    const congruent = stackedProduct(b, half, first, { transY: true });
    const symmetric = mirrored(b, quartered(b, congruent, g), g);
    return stackedProduct(b, this.invert(symmetric, size, "float64"), first);
  }

  private whole({ first, lower, second }: Quarters, g: number): string {
    const { b } = this;
    const full = b.node("Expand", [lower, b.ints([this.options.count ?? 1, g, g])]);
    const upper = b.node("Transpose", [full], { perm: [0, 2, 1] });
    return assemble(b, [first, upper], [full, second]);
  }

  private invert(leaf: Quarters, size: number, dtype: Float): string {
    const count = this.options.count ?? 1;
    const { inverses, pivots } = inverseFactors(this.b, leaf, { g: size / 2, count, dtype });
    this.pivots.push(pivots);
    return inverses;
  }
}

/** With the lower triangles over the upper ones. */
function mirrored(b: GraphBuilder, { first, lower, second }: Quarters, g: number): Quarters {
  const isLower = Array.from({ length: g * g }, (_, i) => (Math.floor(i / g) >= i % g ? 1 : 0));
  const mask = b.constant(isLower, "bool", [g, g]);
  const symmetric = (x: string) =>
    b.node("Where", [mask, x, b.node("Transpose", [x], { perm: [0, 2, 1] })]);
  return { first: symmetric(first), lower, second: symmetric(second) };
}

/** A matrix `[n, n]` of zeros but for ones at `from <= i < to` of its diagonal. */
function diagonal(n: number, from: number, to: number): number[] {
  return Array.from({ length: n * n }, (_, i) => {
    const row = Math.floor(i / n);
    return row === i % n && row >= from && row < to ? 1 : 0;
  });
}
