/**
 * @file Inverse Cholesky factors M (`M A Mᵀ = I`) of a stack of small symmetric float64 matrices: quartered
 * into 64, 32, ... 4, all blocks of one size at once, by complements with explicit inverses; the last are
 * eliminated (small-blocks.ts), and factors joined upwards. About 13 nodes per halving.
 *
 *   A = [P ·; Q R],  M₁ of P,  M₂ of R − Q P⁻¹ Qᵀ,  M₂₁ = −M₂ Q P⁻¹
 */
import type { GraphBuilder } from "../../graph.ts";
import { assemble, type Float, inFloat, stackedProduct } from "./matrix.ts";
import { eliminated, SMALL } from "./small-blocks.ts";

/** A stack of symmetric matrices `[count, 2g, 2g]`, as `[count, g, g]`. */
export interface Quarters {
  /** Upper left. */
  readonly first: string;
  /** Lower left; the upper right mirrors it. `[1, g, g]` where all of the stack have the same. */
  readonly lower: string;
  /** Lower right. */
  readonly second: string;
}

/** Without a look at the upper right. */
export function quartered(b: GraphBuilder, stack: string, g: number): Quarters {
  const [upper, below] = halves(b, stack, -2);
  const first = b.node("Slice", [upper, b.ints([0]), b.ints([g]), b.ints([-1])]);
  const [lower, second] = halves(b, below, -1);
  return { first, lower, second };
}

export interface InverseFactors {
  /** M, `[count, 2g, 2g]` in the arithmetic asked for. */
  readonly inverses: string;
  /** All pivots, `[·]`; the stack's index runs fastest. Where one is not positive M is garbage. */
  readonly pivots: string;
}

/** @param g a power of two, at least 4 */
export function inverseFactors(
  b: GraphBuilder,
  { first, lower, second }: Quarters,
  { g, count, dtype }: { readonly g: number; readonly count: number; readonly dtype: Float },
): InverseFactors {
  const ratio = b.node("MatMul", [lower, b.node("com.microsoft:Inverse", [first])]);
  const known = stackedProduct(b, ratio, lower, { transY: true });
  const blocks = b.node("Concat", [first, b.node("Sub", [second, known])], { axis: 0 });
  const { inverses, pivots } =
    g === SMALL
      ? eliminated(b, blocks, 2 * count)
      : inverseFactors(b, quartered(b, blocks, g / 2), {
          g: g / 2,
          count: 2 * count,
          dtype: "float64",
        });
  const [m1, m2] = halves(b, inverses, 0);
  const corner = stackedProduct(b, m2, ratio, { alpha: -1 });
  const [topLeft, bottomLeft, bottomRight] = [m1, corner, m2].map((x) =>
    inFloat(b, x, "float64", dtype),
  ) as [string, string, string];
  const zeros = b.node("Expand", [b.constant(0, dtype), b.ints([count, g, g])]);
  return { inverses: assemble(b, [topLeft, zeros], [bottomLeft, bottomRight]), pivots };
}

function halves(b: GraphBuilder, x: string, axis: number): [string, string] {
  return b.nodes("Split", [x], { axis, num_outputs: 2 }, 2) as [string, string];
}
