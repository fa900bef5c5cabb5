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
 * Leaves are in float64. ONNX has no Cholesky, and a loop over columns costs a dozen nodes each; a
 * leaf of 64 instead splits into 2, 4, ... 64 pivots, all blocks of one size at once, with the
 * explicit inverse that float64 can afford there. About 15 nodes per halving.
 */
import type { GraphBuilder } from "../../graph.ts";
import { assemble, quarters } from "./blocks.ts";
import {
  allFinite,
  allPositive,
  type Float,
  identityLike,
  inFloat,
  product,
  slice,
} from "./matrix.ts";

/** `n × n` lower triangular M with `M A Mᵀ = I`; blocks where it was split. */
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

export interface FactorOptions {
  readonly dtype: Float;
  /** A scalar of `dtype` added to the diagonal. */
  readonly shift?: string;
  /** Also write L. */
  readonly withFactor?: boolean;
}

/** Larger leaves mean fewer nodes, smaller ones more matrix products. */
const LEAF = 64;
const LEAF_OF_LARGE = 128;
const LARGE = 1024;

/**
 * Factors the symmetric matrix whose lower triangle `matrix` holds. `positive` is a bool scalar:
 * where it is false the matrix is not positive definite (or not finite) and the factor is garbage.
 */
export function inverseFactor(
  b: GraphBuilder,
  matrix: string,
  n: number,
  options: FactorOptions,
): { root: InverseFactor; positive: string } {
  const leaves = new Leaves(b, options);
  const leafSize = n < LARGE ? LEAF : LEAF_OF_LARGE;
  const root = factor(b, matrix, n, leafSize, options, leaves);
  return { root, positive: leaves.positive() };
}

function factor(
  b: GraphBuilder,
  matrix: string,
  n: number,
  leafSize: number,
  options: FactorOptions,
  leaves: Leaves,
): InverseFactor {
  if (n <= leafSize) return leaves.factor(matrix, n);
  const h = Math.ceil(n / 2);
  const [upper, lower] = [[0, h] as const, [h, n] as const];
  const first = factor(
    b,
    slice(b, matrix, { rows: upper, columns: upper }),
    h,
    leafSize,
    options,
    leaves,
  );
  const corner = slice(b, matrix, { rows: lower, columns: upper });
  const l21 = product(b, corner, first.inverse, { transY: true });
  const rest = slice(b, matrix, { rows: lower, columns: lower });
  const complement = product(b, l21, l21, { transY: true, alpha: -1, plus: rest });
  const second = factor(b, complement, n - h, leafSize, options, leaves);
  const m21 = product(b, second.inverse, product(b, l21, first.inverse), { alpha: -1 });
  return {
    n,
    inverse: stacked(b, first.inverse, m21, second.inverse, n - h),
    ...(options.withFactor && {
      factor: stacked(b, first.factor as string, l21, second.factor as string, n - h),
    }),
    split: { first, second, corner: m21 },
  };
}

/** `[[first, 0], [corner, second]]`. */
function stacked(
  b: GraphBuilder,
  first: string,
  corner: string,
  second: string,
  secondSize: number,
): string {
  const top = b.node("Pad", [first, b.ints([0, 0, 0, secondSize])]);
  return b.node("Concat", [top, b.node("Concat", [corner, second], { axis: 1 })], { axis: 0 });
}

/** Factors the leaves and remembers their pivots. */
class Leaves {
  private readonly pivots: string[] = [];
  private readonly constants = new Map<string, string>();

  constructor(
    private readonly b: GraphBuilder,
    private readonly options: FactorOptions,
  ) {}

  /** Whether every pivot of every leaf was positive. */
  positive(): string {
    const { b, pivots } = this;
    const flat = pivots.map((name) => b.reshape(name, [-1]));
    return allPositive(b, b.node("Concat", flat, { axis: 0 }), "float64");
  }

  factor(matrix: string, n: number): InverseFactor {
    const { b, options } = this;
    const size = 2 ** Math.ceil(Math.log2(n));
    const symmetric = this.prepare(matrix, n, size);
    const padded = this.invertByLevels(symmetric, size);
    const whole = { rows: [0, n], columns: [0, n] } as const;
    const inverse = size === n ? padded : slice(b, padded, whole);
    const result = { n, inverse: inFloat(b, inverse, "float64", options.dtype) };
    if (!options.withFactor) return result;
    // C = L Lᵀ and M = L⁻¹, so L = C Mᵀ.
    const l = b.node("Trilu", [product(b, symmetric, padded, { transY: true })], { upper: 0 });
    const cut = size === n ? l : slice(b, l, whole);
    return { ...result, factor: inFloat(b, cut, "float64", options.dtype) };
  }

  /** The leaf in float64, mirrored from its lower triangle, shifted, and padded by an identity. */
  private prepare(matrix: string, n: number, size: number): string {
    const { b, options } = this;
    const wide = inFloat(b, matrix, options.dtype, "float64");
    const flipped = b.node("Transpose", [wide], { perm: [1, 0] });
    let leaf = b.node("Where", [this.lowerMask(n), wide, flipped]);
    if (options.shift) {
      const shift = inFloat(b, options.shift, options.dtype, "float64");
      leaf = b.node("Add", [leaf, b.node("Mul", [shift, this.ones(n, 0, n)])]);
    }
    if (size === n) return leaf;
    const room = b.node("Pad", [leaf, b.ints([0, 0, size - n, size - n])]);
    return b.node("Add", [room, this.ones(size, n, size)]);
  }

  /** Complements downwards, factors upwards; `k` blocks of one size are one batch. */
  private invertByLevels(leaf: string, size: number): string {
    const { b } = this;
    const batched = (op: string, x: string, y: string, g: number) =>
      b.node(g === 1 ? (op === "solve" ? "Div" : "Mul") : "MatMul", [
        x,
        op === "solve" && g > 1 ? b.node("com.microsoft:Inverse", [y]) : y,
      ]);
    const corners: string[] = [];
    let blocks = b.reshape(leaf, [1, size, size]);
    for (let g = size / 2; g >= 1; g /= 2) {
      const [p, q, qt, r] = quarters(b, blocks, g);
      const w = batched("solve", qt, p, g);
      corners.push(w);
      const complement = b.node("Sub", [r, batched("multiply", w, q, g)]);
      blocks = b.node("Concat", [p, complement], { axis: 0 });
    }
    this.pivots.push(blocks);
    let inverse = b.node("Reciprocal", [b.node("Sqrt", [blocks])]);
    for (let g = 1; g < size; g *= 2) {
      const [m1, m2] = b.nodes("Split", [inverse], { axis: 0, num_outputs: 2 }, 2) as [
        string,
        string,
      ];
      const m21 = b.node("Neg", [batched("multiply", m2, corners.pop() as string, g)]);
      const zeros = b.node("Mul", [m1, b.constant(0, "float64")]);
      inverse = assemble(b, [m1, zeros], [m21, m2]);
    }
    return b.reshape(inverse, [size, size]);
  }

  private lowerMask(n: number): string {
    return this.constant(`lower ${n}`, () =>
      this.b.constant(
        Array.from({ length: n * n }, (_, i) => (Math.floor(i / n) >= i % n ? 1 : 0)),
        "bool",
        [n, n],
      ),
    );
  }

  /** A diagonal matrix with ones at `from <= i < to`. */
  private ones(n: number, from: number, to: number): string {
    return this.constant(`ones ${n} ${from} ${to}`, () =>
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

  private constant(key: string, make: () => string): string {
    let name = this.constants.get(key);
    if (name === undefined) {
      name = make();
      this.constants.set(key, name);
    }
    return name;
  }
}

/** Writes Cholesky for a float32 name matrix [n, n]; returns factor and ok. */
export function emitCholesky(
  b: GraphBuilder,
  matrix: string,
  n: number,
  dtype: Float,
): [factor: string, ok: string] {
  const wide = inFloat(b, matrix, "float32", dtype);
  const { root, positive } = inverseFactor(b, wide, n, { dtype, withFactor: true });
  const factor = inFloat(b, root.factor as string, dtype, "float32");
  const ok = b.node("And", [positive, allFinite(b, factor)]);
  return [b.node("Where", [ok, factor, identityLike(b, matrix)]), ok];
}
