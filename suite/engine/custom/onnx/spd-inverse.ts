/** @file `(S + λI)⁻¹ = Mᵀ M` as a graph. */
import type { GraphBuilder } from "../../graph.ts";
import { gramBlocks, IN_BLOCKS, LARGE, symmetric } from "./blocks.ts";
import { inverseFactor } from "./cholesky.ts";
import { emitDamped } from "./damped.ts";
import type { InverseFactor } from "./leaves.ts";
import {
  assemble,
  type Float,
  identityLike,
  inFloat,
  product,
  stackedProduct,
  transpose,
} from "./matrix.ts";

/** Below this order `Mᵀ M` is one product. */
const GRAM_LEAF = 256;

/** `Mᵀ M`, skipping the zero block of M, and in large matrices the zero blocks of its blocks. */
function gramOf(b: GraphBuilder, m: InverseFactor): string {
  if (m.n >= LARGE) return symmetric(b, gramBlocks(b, m, m.n, IN_BLOCKS));
  if (!m.split || m.n <= GRAM_LEAF) return product(b, m.inverse, m.inverse, { transX: true });
  const { first, second, corner } = m.split;
  const topLeft = product(b, corner, corner, { transX: true, plus: gramOf(b, first) });
  const topRight = product(b, corner, second.inverse, { transX: true });
  return assemble(b, [topLeft, topRight], [transpose(b, topRight), gramOf(b, second)]);
}

/** Names of float32 tensors: matrix [n, n], damping [], previous [n, n] or ""; or stacks of them. */
export interface SpdInverseInputs {
  readonly matrix: string;
  readonly damping: string;
  readonly previous: string;
}

export interface SpdInverseShape {
  readonly n: number;
  /** Matrices in the stack; left out for one matrix. */
  readonly count?: number;
  readonly dtype: Float;
}

/** Writes SpdInverse; returns the names of its outputs, inverse and retries. */
export function emitSpdInverse(
  b: GraphBuilder,
  { matrix, damping, previous }: SpdInverseInputs,
  { n, count, dtype }: SpdInverseShape,
): [inverse: string, retries: string] {
  const s = inFloat(b, matrix, "float32", dtype);
  const stack = count === undefined ? {} : { count };
  const shape = count === undefined ? [n, n] : [count, n, n];
  const size = count ?? 1;
  const damped = { matrix: s, n, count: size, like: { name: matrix, shape } };
  const attempted = emitDamped(b, [damped], damping, dtype, (g, lambda) => {
    const shift = count === undefined ? g.reshape(lambda, []) : lambda;
    const { root, positive } = inverseFactor(g, { n, whole: s }, { n, dtype, shift, ...stack });
    const gram =
      count === undefined
        ? gramOf(g, root)
        : stackedProduct(g, root.inverse, root.inverse, { transX: true });
    return {
      results: [inFloat(g, gram, dtype, "float32")],
      positive: g.reshape(positive, [size]),
    };
  });
  const { good, failures } = attempted;
  const result = attempted.results[0] as string;
  if (count === undefined) {
    const kept = previous || identityLike(b, matrix);
    const [flag, retries] = [b.reshape(good, []), b.reshape(failures, [])];
    return [b.node("Where", [flag, result, kept]), retries];
  }
  const flat = b.node("Expand", [b.constant(0, "float32"), b.ints([n, n])]);
  const kept = previous || identityLike(b, flat);
  return [b.node("Where", [b.reshape(good, [count, 1, 1]), result, kept]), failures];
}
