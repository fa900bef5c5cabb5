/**
 * @file `B X` of the inverse root X = (S + ρλI)^(−1/p) without X: a sum of systems (fractions.ts). Few
 * rows B are done in d³/3 FLOPs for each fraction, where X takes d³.
 *
 * Systems are solved for four probe vectors too, and the residuals `‖(S/σ + tⱼI)y − v‖/‖v‖` with the smallest
 * shift of a group, the largest condition number, say whether rounding has spoilt the factors.
 */
import type { GraphBuilder } from "../../graph.ts";
import { PROBES } from "../kernels.ts";
import type { RootAttributes } from "../rational.ts";
import { type BlockFactor, BlockSystems } from "./block-factor.ts";
import { halvedToLeaf, part, ROWS } from "./blocks.ts";
import { productsOf } from "./cholesky.ts";
import { fractionGroup, fractionTensors } from "./fractions.ts";
import { Leaves } from "./leaves.ts";
import { together } from "./lock-step.ts";
import { loop } from "./loop.ts";
import { every, inFloat, total, transpose } from "./matrix.ts";
import { probeVectors, type Spectrum } from "./residual.ts";
import { emitRidged, type RidgedAttempt } from "./ridged.ts";

/** Names of float32 tensors: matrix [n, n], largest [], rows [m, n]. */
export interface RootProductInputs {
  readonly matrix: string;
  readonly largest: string;
  readonly rows: string;
}

interface RootProductShape {
  readonly n: number;
  readonly m: number;
}

/** Writes InverseRootProduct; returns the names of its outputs, product and retries. */
export function emitInverseRootProduct(
  b: GraphBuilder,
  { matrix, largest, rows }: RootProductInputs,
  shape: RootProductShape,
  attributes: RootAttributes,
): [product: string, retries: string] {
  const { precision: dtype } = attributes;
  const s = inFloat(b, matrix, "float32", dtype);
  const top = inFloat(b, largest, "float32", dtype);
  const wide = inFloat(b, rows, "float32", dtype);
  const like = { name: rows, shape: [shape.m, shape.n] };
  const { good, retries, result } = emitRidged(b, attributes, like, (g, rho) =>
    sumOfSystems(g, { s, top, rho }, wide, shape, attributes),
  );
  return [b.node("Where", [good, result, rows]), retries];
}

/** Elements of the matrices that are factored at once: four of order 2,048, 64 MiB in float32. */
const GROUP_ELEMENTS = 2 ** 24;

function sumOfSystems(
  b: GraphBuilder,
  { s, top, rho }: Spectrum,
  rows: string,
  { n, m }: RootProductShape,
  attributes: RootAttributes,
): RidgedAttempt {
  const { precision: dtype } = attributes;
  const atOnce = Math.max(1, Math.floor(GROUP_ELEMENTS / (n * n)));
  const fractions = fractionTensors(b, { top, rho }, atOnce, attributes);
  const { groups, scale, diagonal } = fractions;
  const normalized = b.node("Div", [s, scale]);
  const blocks = halvedToLeaf(b, { n, whole: normalized }, n);
  const probes = transpose(b, probeVectors(b, n, dtype));
  const all = b.node("Concat", [rows, probes], { axis: 0 });
  const carried = [
    { dtype: "bool", shape: [], start: b.constant(1, "bool") },
    { dtype, shape: [m, n], start: b.node("Mul", [rows, diagonal]) },
    { dtype, shape: [], start: b.constant(0, dtype) },
  ] as const;
  const outputs = loop(b, groups, carried, (g, values, index) => {
    const [good, sum, worst] = values as [string, string, string];
    const { shift, weight, count } = fractionGroup(g, fractions, index);
    const options = { n, dtype, shift, ...(count && { count }) };
    const systems = new BlockSystems(g, n, productsOf(options));
    const leaves = new Leaves(g, options);
    // A stack's matrices are one until a leaf's shift makes them differ.
    const [l] = together([systems.factor(blocks)], (requests) =>
      requests.map(({ matrix, n }) => leaves.factor(matrix, n)),
    ) as [BlockFactor];
    const solved = systems.backward(l, systems.forward(l, all, "right"), "right");
    const first = (x: string) => (count ? firstOfStack(g, x) : x);
    const answers = systems.whole(
      solved.map((piece) => first(part(g, piece, ROWS, [m, m + PROBES]))),
      "right",
    );
    const image = g.node("Add", [
      g.node("MatMul", [answers, normalized]),
      g.node("Mul", [answers, first(shift)]),
    ]);
    const error = squares(g, g.node("Sub", [image, probes]));
    const weighted = (piece: string) => {
      if (!count) return g.node("Mul", [piece, weight]);
      const terms = g.reshape(piece, [count, -1]);
      const sum = g.node("MatMul", [g.reshape(weight, [1, count]), terms]);
      return g.reshape(sum, [m + PROBES, -1]);
    };
    const wanted = part(g, systems.whole(solved.map(weighted), "right"), ROWS, [0, m]);
    const positive = count ? every(g, leaves.positive()) : leaves.positive();
    const fine = g.node("And", [good, positive]);
    return {
      going: fine,
      values: [fine, g.node("Add", [sum, wanted]), g.node("Max", [worst, error])],
    };
  });
  const [positive, result, worst] = outputs as [string, string, string];
  const residual = b.node("Sqrt", [b.node("Div", [worst, squares(b, probes)])]);
  return {
    result: inFloat(b, result, dtype, "float32"),
    positive,
    residual: inFloat(b, residual, dtype, "float32"),
  };
}

function firstOfStack(b: GraphBuilder, x: string): string {
  return b.node("Slice", [x, b.ints([0]), b.ints([1]), b.ints([0])]);
}

/** The sum of all squares, a scalar. */
function squares(b: GraphBuilder, x: string): string {
  return total(b, b.node("Mul", [x, x]));
}
