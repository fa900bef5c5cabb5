/**
 * @file Where the recursion of cholesky.ts ends: blocks of up to 128, in float64.
 *
 * ONNX has no Cholesky, and a loop over columns costs a dozen nodes each. A leaf is split into 2, 4,
 * ... n pivots instead, all blocks of one size at once, by complements with the explicit inverse
 * that float64 can afford there; then factors are joined upwards. About 15 nodes per halving.
 */
import type { GraphBuilder } from "../../graph.ts";
import type { FactorOptions, InverseFactor } from "./cholesky.ts";
import {
  assemble,
  columnsPositive,
  inFloat,
  padEnd,
  product,
  slice,
  stackedProduct,
} from "./matrix.ts";

/** Factors leaves and remembers their pivots. */
export class Leaves {
  private readonly pivots: string[] = [];
  private readonly constants = new Map<string, string>();

  constructor(
    private readonly b: GraphBuilder,
    private readonly options: FactorOptions,
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
    const flat = this.invert(stack, size, count ?? 1);
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
    const wide = inFloat(b, matrix, dtype, "float64");
    const perm = count === undefined ? [1, 0] : [0, 2, 1];
    const flipped = b.node("Transpose", [wide], { perm });
    let leaf = b.node("Where", [this.lowerMask(n), wide, flipped]);
    if (shift) {
      const scalars = inFloat(b, shift, dtype, "float64");
      const spread = count === undefined ? scalars : b.reshape(scalars, [count, 1, 1]);
      leaf = b.node("Add", [leaf, b.node("Mul", [spread, this.ones(n, 0, n)])]);
    }
    if (size === n) return leaf;
    const room = { rows: size - n, columns: size - n, stacked: count !== undefined };
    return b.node("Add", [padEnd(b, leaf, room), this.ones(size, n, size)]);
  }

  /** Complements downwards, factors upwards; all blocks of one size are one batch. */
  private invert(leaf: string, size: number, count: number): string {
    const { b } = this;
    const ratios: string[] = [];
    let blocks = leaf;
    for (let g = size / 2; g >= 1; g /= 2) {
      const [p, q, qt, r] = quarters(b, blocks, g);
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
      const m21 = b.node("Neg", [times(b, m2, ratios.pop() as string, g)]);
      const zeros = b.node("Mul", [m1, b.constant(0, "float64")]);
      inverse = assemble(b, [m1, zeros], [m21, m2]);
    }
    return inverse;
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

/** The four `g × g` quarters of each block of a batch `[k, 2g, 2g]`. */
export function quarters(
  b: GraphBuilder,
  blocks: string,
  g: number,
): [upperLeft: string, upperRight: string, lowerLeft: string, lowerRight: string] {
  const near = [0, g] as const;
  const far = [g, 2 * g] as const;
  return [
    slice(b, blocks, { rows: near, columns: near }),
    slice(b, blocks, { rows: near, columns: far }),
    slice(b, blocks, { rows: far, columns: near }),
    slice(b, blocks, { rows: far, columns: far }),
  ];
}
