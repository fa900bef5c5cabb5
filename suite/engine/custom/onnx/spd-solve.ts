/**
 * @file `(S + λI)⁻¹ B` of several systems as a graph: by factors of which only the leaves are inverted,
 * for few right-hand sides do not repay more (block-factor.ts). The systems are factored together, leaf by
 * leaf, whatever their orders: a leaf costs its nodes, and a stack of leaves has no more of these.
 */
import type { GraphBuilder } from "../../graph.ts";
import { BlockSystems } from "./block-factor.ts";
import { IN_BLOCKS } from "./blocks.ts";
import { emitDamped, inOneRow } from "./damped.ts";
import { StackedLeaves, together } from "./lock-step.ts";
import { type Float, inFloat } from "./matrix.ts";

/** Names of float32 tensors matrix [n, n], damping [] and rhs [n, columns]. */
export interface System {
  readonly matrix: string;
  readonly damping: string;
  readonly rhs: string;
  readonly n: number;
  readonly columns: number;
}

/** Writes SpdSolve; returns the names of its outputs: every system's solution, and retries [systems]. */
export function emitSpdSolve(b: GraphBuilder, systems: readonly System[], dtype: Float): string[] {
  const wide = systems.map(({ matrix, rhs, n, columns }) => ({
    n,
    matrix: inFloat(b, matrix, "float32", dtype),
    right: inFloat(b, rhs, "float32", dtype),
    like: { name: rhs, shape: [n, columns] },
    count: 1,
  }));
  const dampings = systems.map(({ damping }) => b.reshape(damping, [1]));
  const attempted = emitDamped(b, wide, inOneRow(b, dampings), dtype, (g, lambdas) => {
    const leaves = new StackedLeaves(g, { dtype, shifts: lambdas, systems: systems.length });
    const solvers = wide.map(({ n }) => new BlockSystems(g, n, IN_BLOCKS));
    const factors = together(
      solvers.map((solver, i) => {
        const { n, matrix } = wide[i] as (typeof wide)[number];
        return solver.factor({ n, whole: matrix });
      }),
      (requests) => leaves.factor(requests),
    );
    const results = solvers.map((solver, i) => {
      const l = factors[i] as (typeof factors)[number];
      const forward = solver.forward(l, wide[i]?.right as string, "left");
      const solution = solver.whole(solver.backward(l, forward, "left"), "left");
      return inFloat(g, solution, dtype, "float32");
    });
    return { results, positive: leaves.positive() };
  });
  const flags = systems.map((_, i) => b.node("Gather", [attempted.good, b.constant(i, "int32")]));
  const solutions = attempted.results.map((result, i) => {
    return b.node("Where", [flags[i] as string, result, systems[i]?.rhs as string]);
  });
  return [...solutions, attempted.failures];
}
