/**
 * @file Where the recursion of cholesky.ts ends: blocks of up to 128, in float64.
 *
 * ONNX has no Cholesky, and a loop over columns costs a dozen nodes each. A leaf is split into 2, 4,
 * ... n pivots instead, all blocks of one size at once, by complements with explicit inverses; then
 * factors are joined upwards. About 15 nodes per halving.
 *
 * Explicit inverses lose the square of the condition number κ, which float64 can afford while the
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
  product,
  slice,
  stackedProduct,
} from "./matrix.ts";

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
  /** Matrices in the stack `[count, n, n]`; left out for one matrix `[n, n]`. */
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
  private readonly constants = new Map<string, string>();

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
    const size = 2 ** Math.ceil(Math.log2(n));
    const symmetric = this.prepare(matrix, n, size);
    const stack = b.reshape(symmetric, [count ?? 1, size, size]);
    const flat = dtype === "float64" ? this.invertInStages(stack, size) : this.invert(stack, size);
    const padded = count === undefined ? b.reshape(flat, [size, size]) : flat;
    const whole = { rows: [0, n], columns: [0, n] } as const;
    const narrow = (x: string) => {
      return inFloat(b, size === n ? x : slice(b, x, whole), "float64", dtype);
    };
    const result = { n, inverse: narrow(padded) };
    if (!options.withFactor) return result;
    // C = L Lᵀ and M = L⁻¹, so L = C Mᵀ.
    const multiply = count === undefined ? product : stackedProduct;
    const full = multiply(b, symmetric, padded, { transY: true });
    return { ...result, factor: narrow(b.node("Trilu", [full], { upper: 0 })) };
  }

  /** The leaf in float64, mirrored from its lower triangle, shifted, and padded by an identity. */
  private prepare(matrix: string, n: number, size: number): string {
    const { b, options } = this;
    const { count, dtype, shift } = options;
    // Before the cast: half as much to move.
    let leaf = inFloat(b, this.mirrored(matrix, n, count !== undefined), dtype, "float64");
    if (shift) {
      const scalars = inFloat(b, shift, dtype, "float64");
      const spread = count === undefined ? scalars : b.reshape(scalars, [count, 1, 1]);
      leaf = b.node("Add", [leaf, b.node("Mul", [spread, this.ones(n, 0, n)])]);
    }
    if (size === n) return leaf;
    const room = { rows: size - n, columns: size - n, stacked: count !== undefined };
    return b.node("Add", [padEnd(b, leaf, room), this.ones(size, n, size)]);
  }

  private invertInStages(leaf: string, size: number): string {
    const { b } = this;
    const diagonal = b.node("Mul", [leaf, this.ones(size, 0, size)]);
    const trace = b.node("ReduceSum", [diagonal, b.ints([1, 2])], { keepdims: 1 });
    const shift = b.node("Mul", [trace, b.constant(STAGE_SHIFT / size, "float64")]);
    const shifted = b.node("Add", [leaf, b.node("Mul", [shift, this.ones(size, 0, size)])]);
    const first = this.invert(shifted, size);
    const half = stackedProduct(b, first, leaf);
    const congruent = stackedProduct(b, half, first, { transY: true });
    return stackedProduct(b, this.invert(this.mirrored(congruent, size, true), size), first);
  }

  /** Complements downwards, factors upwards; all blocks of one size are one batch. */
  private invert(leaf: string, size: number): string {
    const { b } = this;
    const count = this.options.count ?? 1;
    const ratios: string[] = [];
    let blocks = leaf;
    for (let g = size / 2; g >= 1; g /= 2) {
      const [p, q, qt, r] = quarters(b, blocks);
      // Q P⁻¹
      const ratio =
        g === 1
          ? b.node("Div", [qt, p])
          : b.node("MatMul", [qt, b.node("com.microsoft:Inverse", [p])]);
      ratios.push(ratio);
      const complement = b.node("Sub", [r, times(b, ratio, q, g)]);
      blocks = b.node("Concat", [p, complement], { axis: 0 });
    }
    // Concatenated halves: the stack's index runs fastest.
    this.pivots.push(b.reshape(blocks, [size, count]));
    let inverse = b.node("Reciprocal", [b.node("Sqrt", [blocks])]);
    for (let g = 1; g < size; g *= 2) {
      const halves = b.nodes("Split", [inverse], { axis: 0, num_outputs: 2 }, 2);
      const [m1, m2] = halves as [string, string];
      const m21 = negativeTimes(b, m2, ratios.pop() as string, g);
      inverse = assemble(b, [m1, this.zeros((size * count) / (2 * g), g)], [m21, m2]);
    }
    return inverse;
  }

  /** The lower triangle over the upper one. */
  private mirrored(x: string, n: number, stacked: boolean): string {
    const flipped = this.b.node("Transpose", [x], { perm: stacked ? [0, 2, 1] : [1, 0] });
    return this.b.node("Where", [this.lowerMask(n), x, flipped]);
  }

  private lowerMask(n: number): string {
    return this.once(`lower ${n}`, () =>
      this.b.constant(
        Array.from({ length: n * n }, (_, i) => (Math.floor(i / n) >= i % n ? 1 : 0)),
        "bool",
        [n, n],
      ),
    );
  }

  /** A diagonal matrix with ones at `from <= i < to`. */
  private ones(n: number, from: number, to: number): string {
    return this.once(`ones ${n} ${from} ${to}`, () =>
      this.b.constant(
        Array.from({ length: n * n }, (_, i) => {
          const row = Math.floor(i / n);
          return row === i % n && row >= from && row < to ? 1 : 0;
        }),
        "float64",
        [n, n],
      ),
    );
  }

  private zeros(blocks: number, g: number): string {
    return this.once(`zeros ${blocks} ${g}`, () =>
      this.b.constant(Array(blocks * g * g).fill(0), "float64", [blocks, g, g]),
    );
  }

  private once(key: string, make: () => string): string {
    let name = this.constants.get(key);
    if (name === undefined) {
      name = make();
      this.constants.set(key, name);
    }
    return name;
  }
}

function times(b: GraphBuilder, x: string, y: string, g: number): string {
  return b.node(g === 1 ? "Mul" : "MatMul", [x, y]);
}

/** `−x y` for blocks `[k, g, g]`. */
function negativeTimes(b: GraphBuilder, x: string, y: string, g: number): string {
  return g === 1 ? b.node("Neg", [times(b, x, y, g)]) : stackedProduct(b, x, y, { alpha: -1 });
}

/** The four `g × g` quarters of each block of a batch `[k, 2g, 2g]`. */
export function quarters(
  b: GraphBuilder,
  blocks: string,
): [upperLeft: string, upperRight: string, lowerLeft: string, lowerRight: string] {
  const halves = (x: string, axis: number) => {
    return b.nodes("Split", [x], { axis, num_outputs: 2 }, 2) as [string, string];
  };
  const [upper, lower] = halves(blocks, -2);
  return [...halves(upper, -1), ...halves(lower, -1)];
}
