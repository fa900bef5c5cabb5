/**
 * @file `B X` of inverse roots X = (S + ρλI)^(−1/p) without X: a sum of systems (fractions.ts). Few rows B
 * are done in d³/3 FLOPs for each fraction, where X takes d³. Several products are made together, leaf by
 * leaf, whatever their orders.
 *
 * Systems are solved for four probe vectors too, and the residuals `‖(S/σ + tⱼI)y − v‖/‖v‖` with the smallest
 * shift of a group, the largest condition number, say whether rounding has spoilt the factors.
 */
import type { GraphBuilder } from "../../graph.ts";
import { PROBES } from "../kernels.ts";
import type { RootAttributes } from "../rational.ts";
import { type BlockFactor, BlockSystems } from "./block-factor.ts";
import { halvedToLeaf, type Lower, part, ROWS } from "./blocks.ts";
import { productsOf } from "./cholesky.ts";
import { inOneRow } from "./damped.ts";
import {
  type FractionGroup,
  type FractionTensors,
  fractionGroup,
  fractionTensors,
} from "./fractions.ts";
import { StackedLeaves, together } from "./lock-step.ts";
import { type Carried, loop } from "./loop.ts";
import { filled, inFloat, total, transpose } from "./matrix.ts";
import { probeVectors } from "./residual.ts";
import { emitRidged, type RidgedAttempt } from "./ridged.ts";

/** Names of float32 tensors: matrix [n, n], largest [], rows [m, n]. */
export interface RootProduct {
  readonly matrix: string;
  readonly largest: string;
  readonly rows: string;
  readonly n: number;
  readonly m: number;
}

/** Writes InverseRootProduct; returns the names of its outputs: every product, and retries [products]. */
export function emitInverseRootProducts(
  b: GraphBuilder,
  products: readonly RootProduct[],
  attributes: RootAttributes,
): string[] {
  const { precision: dtype } = attributes;
  const wide = (name: string) => inFloat(b, name, "float32", dtype);
  const inside = products.map(({ matrix, largest, rows, ...shape }) => {
    return { ...shape, matrix: wide(matrix), largest: wide(largest), rows: wide(rows) };
  });
  const like = products.map(({ rows, m, n }) => ({ name: rows, shape: [m, n] }));
  const { good, retries, results } = emitRidged(b, attributes, like, (g, rhos) =>
    sumsOfSystems(g, inside, rhos, attributes),
  );
  const made = products.map(({ rows }, i) => {
    const isGood = b.node("Gather", [good, b.constant(i, "int32")]);
    return b.node("Where", [isGood, results[i] as string, rows]);
  });
  return [...made, retries];
}

/** Elements of the matrices that are factored at once: four of order 2,048, 64 MiB in float32. */
const GROUP_ELEMENTS = 2 ** 24;

function sumsOfSystems(
  b: GraphBuilder,
  products: readonly RootProduct[],
  rhos: string,
  attributes: RootAttributes,
): RidgedAttempt {
  const { precision: dtype } = attributes;
  const elements = products.reduce((sum, { n }) => sum + n * n, 0);
  const atOnce = Math.max(1, Math.floor(GROUP_ELEMENTS / elements));
  const sums = products.map((product, i) => {
    const rho = b.node("Gather", [rhos, b.constant(i, "int32")]);
    return new SumOfSystems(b, product, rho, atOnce, attributes);
  });
  const [{ groups }] = sums as [SumOfSystems];
  const roots = products.length;
  const carried: Carried[] = [
    { dtype: "bool", shape: [roots], start: filled(b, 1, "bool", roots) },
    { dtype, shape: [roots], start: filled(b, 0, dtype, roots) },
    ...sums.map(({ product: { m, n }, start }) => ({ dtype, shape: [m, n], start })),
  ];
  const outputs = loop(b, groups, carried, (g, values, index) => {
    const [good, worst, ...partial] = values as [string, string, ...string[]];
    const taken = sums.map((sum) => sum.group(g, index));
    const count = taken[0]?.count;
    const leaves = new StackedLeaves(g, {
      dtype,
      shifts: inOneRow(
        g,
        taken.map(({ shift }) => g.reshape(shift, [-1])),
      ),
      systems: roots,
      ...(count && { each: count }),
    });
    const solvers = sums.map((sum) => sum.solver(g, count));
    const factors = together(
      // A stack's matrices are one until a leaf's shift makes them differ.
      solvers.map((solver, i) => solver.factor((sums[i] as SumOfSystems).blocks, !!count)),
      (requests) => leaves.factor(requests),
    );
    const terms = sums.map((sum, i) =>
      sum.terms(
        g,
        solvers[i] as BlockSystems,
        factors[i] as BlockFactor,
        taken[i] as FractionGroup,
      ),
    );
    const errors = inOneRow(
      g,
      terms.map(({ error }) => g.reshape(error, [1])),
    );
    return {
      going: g.constant(1, "bool"),
      values: [
        g.node("And", [good, leaves.positive()]),
        g.node("Max", [worst, errors]),
        ...terms.map(({ sum }, i) => g.node("Add", [partial[i] as string, sum])),
      ],
    };
  });
  const [positive, worst, ...results] = outputs as [string, string, ...string[]];
  const sizes = inOneRow(
    b,
    sums.map(({ probes }) => b.reshape(squares(b, probes), [1])),
  );
  const residuals = b.node("Sqrt", [b.node("Div", [worst, sizes])]);
  return {
    results: results.map((result) => inFloat(b, result, dtype, "float32")),
    positive,
    residuals: inFloat(b, residuals, dtype, "float32"),
  };
}

/** One product, as what is added up. */
class SumOfSystems {
  /** Names of S/σ and the probe vectors, `[PROBES, n]`. */
  private readonly normalized: string;
  readonly probes: string;
  /** S/σ, cut as its factorization does. */
  readonly blocks: Lower;
  /** The rows' share of the constant. */
  readonly start: string;
  private readonly right: string;
  private readonly fractions: FractionTensors;

  constructor(
    b: GraphBuilder,
    readonly product: RootProduct,
    rho: string,
    atOnce: number,
    attributes: RootAttributes,
  ) {
    const { matrix, largest, rows, n } = product;
    this.fractions = fractionTensors(b, { top: largest, rho }, atOnce, attributes);
    this.normalized = b.node("Div", [matrix, this.fractions.scale]);
    this.blocks = halvedToLeaf(b, { n, whole: this.normalized }, n);
    this.probes = transpose(b, probeVectors(b, n, attributes.precision));
    this.right = b.node("Concat", [rows, this.probes], { axis: 0 });
    this.start = b.node("Mul", [rows, this.fractions.diagonal]);
  }

  get groups(): number {
    return this.fractions.groups;
  }

  /** @param index of the group, an int64 scalar */
  group(g: GraphBuilder, index: string): FractionGroup {
    return fractionGroup(g, this.fractions, index);
  }

  solver(g: GraphBuilder, count: number | undefined): BlockSystems {
    const { n } = this.product;
    return new BlockSystems(g, n, productsOf({ n, ...(count && { count }) }));
  }

  /** A group's terms added up, and the squared residual with its smallest shift. */
  terms(
    g: GraphBuilder,
    solver: BlockSystems,
    l: BlockFactor,
    { shift, weight, count }: FractionGroup,
  ): { readonly sum: string; readonly error: string } {
    const { m } = this.product;
    const solved = solver.backward(l, solver.forward(l, this.right, "right"), "right");
    const first = (x: string) => (count ? firstOfStack(g, x) : x);
    const answers = solver.whole(
      solved.map((piece) => first(part(g, piece, ROWS, [m, m + PROBES]))),
      "right",
    );
    const image = g.node("Add", [
      g.node("MatMul", [answers, this.normalized]),
      g.node("Mul", [answers, first(shift)]),
    ]);
    const weighted = (piece: string) => {
      if (!count) return g.node("Mul", [piece, weight]);
      const terms = g.reshape(piece, [count, -1]);
      const sum = g.node("MatMul", [g.reshape(weight, [1, count]), terms]);
      return g.reshape(sum, [m + PROBES, -1]);
    };
    return {
      sum: part(g, solver.whole(solved.map(weighted), "right"), ROWS, [0, m]),
      error: squares(g, g.node("Sub", [image, this.probes])),
    };
  }
}

function firstOfStack(b: GraphBuilder, x: string): string {
  return b.node("Slice", [x, b.ints([0]), b.ints([1]), b.ints([0])]);
}

/** The sum of all squares, a scalar. */
function squares(b: GraphBuilder, x: string): string {
  return total(b, b.node("Mul", [x, x]));
}
