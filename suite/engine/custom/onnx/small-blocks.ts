/**
 * @file Inverse Cholesky factors of many blocks of order 4: by columns, for a product or an inverse of
 * each of so many costs ten times what elementwise arithmetic on all of them does.
 */
import type { GraphBuilder } from "../../graph.ts";

/** Order of the blocks. */
export const SMALL = 4;

export interface SmallFactors {
  /** Lower triangular M with `M A Mᵀ = I`, `[count, 4, 4]`. */
  readonly inverses: string;
  /** What the square roots were taken of, `[4, count]`. */
  readonly pivots: string;
}

/**
 * Gauss-Jordan elimination of `[A | I]` below the pivots, the blocks' index last. Where a pivot is not
 * positive the block's M is garbage.
 *
 * @param blocks symmetric, float64 `[count, 4, 4]`
 */
export function eliminated(b: GraphBuilder, blocks: string, count: number): SmallFactors {
  const flat = b.reshape(blocks, [count, SMALL * SMALL]);
  const columns = b.reshape(b.node("Transpose", [flat], { perm: [1, 0] }), [SMALL, SMALL, count]);
  let rest = b.node("Concat", [columns, identities(b, count)], { axis: 1 });
  const rows: string[] = [];
  const pivots: string[] = [];
  for (let k = 0; k < SMALL; k++) {
    const entry = (x: string) => b.node("Slice", [x, b.ints([k]), b.ints([k + 1]), b.ints([1])]);
    const sizes = b.ints([1, SMALL - 1 - k]);
    const last = k === SMALL - 1;
    const [row, below] = last ? [rest] : b.nodes("Split", [rest, sizes], { axis: 0 }, 2);
    const pivot = entry(row as string);
    rows.push(row as string);
    pivots.push(pivot);
    if (below === undefined) break;
    const ratio = b.node("Div", [entry(below), pivot]);
    rest = b.node("Sub", [below, b.node("Mul", [ratio, row as string])]);
  }
  const roots = b.node("Sqrt", [b.node("Concat", pivots, { axis: 0 })]);
  const right = b.node("Slice", [
    b.node("Concat", rows, { axis: 0 }),
    b.ints([SMALL]),
    b.ints([2 * SMALL]),
    b.ints([1]),
  ]);
  const scaled = b.reshape(b.node("Div", [right, roots]), [SMALL * SMALL, count]);
  const inverses = b.node("Transpose", [scaled], { perm: [1, 0] });
  return {
    inverses: b.reshape(inverses, [count, SMALL, SMALL]),
    pivots: b.reshape(b.node("Concat", pivots, { axis: 0 }), [SMALL, count]),
  };
}

/** Identity matrices, `[4, 4, count]`. */
function identities(b: GraphBuilder, count: number): string {
  const one = Array.from({ length: SMALL * SMALL }, (_, i) => (i % (SMALL + 1) === 0 ? 1 : 0));
  const single = b.constant(one, "float64", [SMALL, SMALL, 1]);
  return b.node("Expand", [single, b.ints([SMALL, SMALL, count])]);
}
