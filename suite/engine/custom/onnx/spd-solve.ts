/**
 * @file `(S + λI)⁻¹ B` as a graph: by a factor of which only the leaves are inverted, for few right-hand
 * sides do not repay more (block-factor.ts).
 */
import type { GraphBuilder } from "../../graph.ts";
import { BlockSystems } from "./block-factor.ts";
import { IN_BLOCKS } from "./blocks.ts";
import { emitDamped } from "./damped.ts";
import { Leaves } from "./leaves.ts";
import { type Float, inFloat } from "./matrix.ts";

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
      const systems = new BlockSystems(g, n, IN_BLOCKS);
      const l = systems.factor({ n, whole: s }, leaves);
      const solution = systems.backward(l, systems.forward(l, right));
      return { result: inFloat(g, solution, dtype, "float32"), positive: leaves.positive() };
    },
  );
  return [b.node("Where", [b.reshape(good, []), result, rhs]), b.reshape(failures, [])];
}
