/**
 * @file The inverse p-th root of a symmetric positive semi-definite matrix, as a weighted sum of
 * inverses (fractions.ts). Coupled Newton needs 18 rounds of four products for the same (ρ = 1e-6,
 * p = 4), each nearly as long as an inverse, and stops converging where this does not.
 */
import type { GraphBuilder } from "../../graph.ts";
import type { RootAttributes } from "../rational.ts";
import {
  eachBlock,
  firstHalf,
  gramBlocks,
  halvedToLeaf,
  IN_BLOCKS,
  LARGE,
  LARGE_OF_STACK,
  SUM_IN_BLOCKS,
  symmetric,
} from "./blocks.ts";
import { inverseFactor } from "./cholesky.ts";
import { fractionGroup, fractionTensors } from "./fractions.ts";
import type { InverseFactor } from "./leaves.ts";
import { loop } from "./loop.ts";
import { assemble, every, identityLike, inFloat, product, transpose } from "./matrix.ts";
import { residualOf, type Spectrum } from "./residual.ts";
import { emitRidged } from "./ridged.ts";

/** Names of float32 tensors: matrix [n, n], largest [], previous [n, n] or "". */
export interface RootInputs {
  readonly matrix: string;
  readonly largest: string;
  readonly previous: string;
}

/** Writes InverseRoot; returns the names of its outputs, root, retries and residual. */
export function emitInverseRoot(
  b: GraphBuilder,
  { matrix, largest, previous }: RootInputs,
  n: number,
  attributes: RootAttributes,
): [root: string, retries: string, residual: string] {
  const { precision: dtype } = attributes;
  const s = inFloat(b, matrix, "float32", dtype);
  const top = inFloat(b, largest, "float32", dtype);
  const like = [{ name: matrix, shape: [n, n] }];
  const { good, retries, residuals, results } = emitRidged(b, attributes, like, (g, rhos) => {
    const rho = g.reshape(rhos, []);
    const { root, positive } = sumOfInverses(g, { s, top, rho }, n, attributes);
    return {
      results: [inFloat(g, root, dtype, "float32")],
      positive: g.reshape(positive, [1]),
      residuals: g.reshape(residualOf(g, { root, s, top, rho }, n, attributes), [1]),
    };
  });
  const kept = previous || identityLike(b, matrix);
  return [
    b.node("Where", [good, results[0] as string, kept]),
    b.reshape(retries, []),
    b.reshape(residuals, []),
  ];
}

/** Elements of the matrices that are factored at once: below LARGE they cost what their nodes cost. */
const GROUP_ELEMENTS = 2 ** 22;

/** X, and whether every shifted matrix was positive definite. */
function sumOfInverses(
  b: GraphBuilder,
  { s, top, rho }: Spectrum,
  n: number,
  attributes: RootAttributes,
): { root: string; positive: string } {
  const { precision: dtype } = attributes;
  const atOnce = n < LARGE ? Math.floor(GROUP_ELEMENTS / (n * n)) : 1;
  const fractions = fractionTensors(b, { top, rho }, atOnce, attributes);
  const { groups, diagonal } = fractions;
  const blocks = halvedToLeaf(b, { n, whole: s }, n);
  const parts = partShapes(n);
  const empty = parts.map((shape) => b.node("Expand", [b.constant(0, dtype), b.ints(shape)]));
  const sums = empty.map((zeros, part) =>
    part === UPPER_RIGHT ? zeros : b.node("Mul", [identityLike(b, zeros), diagonal]),
  );
  const carried = [
    { dtype: "bool", shape: [], start: b.constant(1, "bool") } as const,
    ...parts.map((shape, part) => ({ dtype, shape, start: sums[part] as string })),
  ];
  const outputs = loop(b, groups, carried, (g, [good, ...partial], index) => {
    const { weight, shift, count } = fractionGroup(g, fractions, index);
    // With its weight inside a term, what is added up needs none.
    const factor = g.node("Reciprocal", [g.node("Mul", [weight, fractions.scale])]);
    const spread = count ? g.reshape(factor, [count, 1, 1]) : factor;
    const scaled = eachBlock(blocks, (block) => g.node("Mul", [block, spread]));
    const options = { n, dtype, shift: g.node("Div", [shift, weight]), ...(count && { count }) };
    const { root, positive } = inverseFactor(g, scaled, options);
    const all = g.node("And", [good as string, count ? every(g, positive) : positive]);
    return { going: all, values: [all, ...addGram(g, root, partial)] };
  });
  const [positive, ...results] = outputs;
  return { root: joined(b, results), positive: positive as string };
}

const UPPER_RIGHT = 1;

/** Shapes of the parts in which X is summed: one, or upper left, upper right, lower right. */
function partShapes(n: number): [number, number][] {
  const h = firstHalf(n);
  // A large Gram matrix comes in smaller blocks: to put them together costs little.
  if (h === n || n >= LARGE_OF_STACK) return [[n, n]];
  return [
    [h, h],
    [h, n - h],
    [n - h, n - h],
  ];
}

/** The parts plus those of `Σ Mᵀ M` over the group: one product, for stacked rows add up. */
function addGram(b: GraphBuilder, m: InverseFactor, parts: readonly string[]): string[] {
  const [topLeft, topRight, bottomRight] = parts as [string, string, string];
  if (m.n >= LARGE_OF_STACK) {
    const products = m.n < LARGE ? SUM_IN_BLOCKS : IN_BLOCKS;
    return [b.node("Add", [topLeft, symmetric(b, gramBlocks(b, m, m.n, products))])];
  }
  const rows = (x: string, columns: number) => b.reshape(x, [-1, columns]);
  const add = (x: string, y: string, plus: string) => product(b, x, y, { transX: true, plus });
  if (parts.length === 1 || !m.split) {
    const whole = rows(m.inverse, m.n);
    return [add(whole, whole, topLeft)];
  }
  const { first, second } = m.split;
  const upper = rows(first.inverse, first.n);
  const corner = rows(m.split.corner, first.n);
  const lower = rows(second.inverse, second.n);
  return [
    add(corner, corner, add(upper, upper, topLeft)),
    add(corner, lower, topRight),
    add(lower, lower, bottomRight),
  ];
}

function joined(b: GraphBuilder, parts: readonly string[]): string {
  const [topLeft, topRight, bottomRight] = parts as [string, string, string];
  if (parts.length === 1) return topLeft;
  return assemble(b, [topLeft, topRight], [transpose(b, topRight), bottomRight]);
}
