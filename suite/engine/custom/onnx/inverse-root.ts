/**
 * @file The inverse p-th root of a symmetric positive semi-definite matrix, as a weighted sum of
 * inverses (see rational.ts):
 *
 *   X = (S + ρλI)^(−1/p) = σ^(−1/p)·(c I + Σⱼ wⱼ (Ŝ + sⱼ I)⁻¹),   Ŝ = (S + ρλI)/σ,  σ = λ(1 + ρ)
 *
 * with λ the largest eigenvalue and ρ the ridge, so that Ŝ's spectrum lies in [ρ/(1 + ρ), 1]. The
 * number of inverses follows from ρ alone: 2 to 9 in float32. Coupled Newton needs 18 rounds of four
 * products for the same (ρ = 1e-6, p = 4), each nearly as long as an inverse, and stops converging
 * where this does not.
 */
import type { GraphBuilder } from "../../graph.ts";
import { MAX_RETRIES, RETRY_FLOOR, ROOT_TOLERANCE } from "../kernels.ts";
import { type RootAttributes, rootFractions, type SimpleFractions } from "../rational.ts";
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
import type { InverseFactor } from "./leaves.ts";
import { allFinite, assemble, every, identityLike, inFloat, product, transpose } from "./matrix.ts";
import { residualOf, type Spectrum } from "./residual.ts";

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
  const { ridge, precision: dtype } = attributes;
  const s = inFloat(b, matrix, "float32", dtype);
  const top = inFloat(b, largest, "float32", dtype);
  const attempt = b.subgraph(
    [
      { dtype: "int64", shape: [] },
      { dtype: "bool", shape: [] },
      { dtype, shape: [] },
      { dtype: "int32", shape: [] },
      { dtype: "bool", shape: [] },
      { dtype: "float32", shape: [] },
      { dtype: "float32", shape: [n, n] },
    ],
    [
      { dtype: "bool", shape: [] },
      { dtype, shape: [] },
      { dtype: "int32", shape: [] },
      { dtype: "bool", shape: [] },
      { dtype: "float32", shape: [] },
      { dtype: "float32", shape: [n, n] },
    ],
    (g, inputs) => {
      const [, , rho, attempts] = inputs as [string, string, string, string];
      const { root, positive } = sumOfInverses(g, { s, top, rho }, n, attributes);
      const residual = residualOf(g, { root, s, top, rho }, n, attributes);
      const close = g.node("LessOrEqual", [residual, g.constant(ROOT_TOLERANCE[dtype], "float32")]);
      const narrow = inFloat(g, root, dtype, "float32");
      const good = g.node("And", [g.node("And", [positive, close]), allFinite(g, narrow)]);
      const larger = g.node("Mul", [rho, g.constant(10, dtype)]);
      return [
        g.node("Not", [good]),
        g.node("Max", [larger, g.constant(RETRY_FLOOR, dtype)]),
        g.node("Add", [attempts, g.constant(1, "int32")]),
        good,
        residual,
        narrow,
      ];
    },
  );
  const start = [
    b.constant(MAX_RETRIES + 1, "int64"),
    b.constant(1, "bool"),
    b.constant(ridge, dtype),
    b.constant(0, "int32"),
    b.constant(0, "bool"),
    b.constant(0, "float32"),
    // Only a first value of the right shape: the loop runs at least once.
    matrix,
  ];
  const outputs = b.nodes("Loop", start, { body: attempt }, 5);
  const [, attempts, good, residual, root] = outputs as [string, string, string, string, string];
  return [
    b.node("Where", [good, root, previous || identityLike(b, matrix)]),
    b.node("Sub", [attempts, b.cast(good, "int32")]),
    b.node("Where", [good, residual, b.constant(1, "float32")]),
  ];
}

/** X, and whether every shifted matrix was positive definite. */
function sumOfInverses(
  b: GraphBuilder,
  { s, top, rho }: Spectrum,
  n: number,
  attributes: RootAttributes,
): { root: string; positive: string } {
  const { p, precision: dtype } = attributes;
  const { constant, groups } = grouped(rootFractions(attributes), n);
  const size = groups[0]?.length as number;
  const number = (value: number) => b.constant(value, dtype);
  const table = (pick: (fraction: Fraction) => number) =>
    b.constant(
      groups.flatMap((group) => group.map(pick)),
      dtype,
      [groups.length, size],
    );
  const scale = b.node("Mul", [top, b.node("Add", [rho, number(1)])]);
  const power = b.node("Pow", [scale, number(-1 / p)]);
  // wⱼ (Ŝ + sⱼ)⁻¹ = (Ŝ/wⱼ + sⱼ/wⱼ)⁻¹: what is added needs no weight.
  const weights = b.node("Mul", [table(({ weight }) => weight), power]);
  const factors = b.node("Reciprocal", [b.node("Mul", [weights, scale])]);
  const base = b.node("Div", [b.node("Mul", [rho, top]), scale]);
  const shifts = b.node("Div", [b.node("Add", [table(({ shift }) => shift), base]), weights]);

  const blocks = halvedToLeaf(b, { n, whole: s }, n);
  const parts = partShapes(n);
  const empty = parts.map((shape) => b.node("Expand", [number(0), b.ints(shape)]));
  const diagonal = b.node("Mul", [power, number(constant)]);
  const sums = empty.map((zeros, part) =>
    part === UPPER_RIGHT ? zeros : b.node("Mul", [identityLike(b, zeros), diagonal]),
  );
  const flag = { dtype: "bool", shape: [] } as const;
  const partTypes = parts.map((shape) => ({ dtype, shape }));
  const body = b.subgraph(
    [{ dtype: "int64", shape: [] }, flag, flag, ...partTypes],
    [flag, flag, ...partTypes],
    (g, [index, , good, ...partial]) => {
      const row = (list: string) => g.node("Gather", [list, index as string], { axis: 0 });
      const one = size === 1;
      const factor = g.reshape(row(factors), one ? [] : [size, 1, 1]);
      const scaled = eachBlock(blocks, (block) => g.node("Mul", [block, factor]));
      const { root, positive } = inverseFactor(g, scaled, {
        n,
        dtype,
        shift: g.reshape(row(shifts), one ? [] : [size]),
        ...(!one && { count: size }),
      });
      const all = g.node("And", [good as string, one ? positive : every(g, positive)]);
      return [all, all, ...addGram(g, root, partial)];
    },
  );
  const yes = b.constant(1, "bool");
  const start = [b.constant(groups.length, "int64"), yes, yes, ...sums];
  const [positive, ...results] = b.nodes("Loop", start, { body }, 1 + parts.length);
  return { root: joined(b, results), positive: positive as string };
}

interface Fraction {
  readonly shift: number;
  readonly weight: number;
}

/** Elements of the matrices that are factored at once: below LARGE they cost what their nodes cost. */
const GROUP_ELEMENTS = 2 ** 22;

/** The fractions in groups of one size; halves of a fraction fill up. */
function grouped(
  { constant, shifts, weights }: SimpleFractions,
  n: number,
): { constant: number; groups: Fraction[][] } {
  const most = n < LARGE ? Math.floor(GROUP_ELEMENTS / (n * n)) : 1;
  const count = Math.ceil(shifts.length / most);
  const size = Math.ceil(shifts.length / count);
  const missing = count * size - shifts.length;
  const fractions = shifts.map((shift, j) => {
    const weight = weights[j] as number;
    return { shift, weight: j < missing ? weight / 2 : weight };
  });
  const filled = [...fractions, ...fractions.slice(0, missing)];
  return {
    constant,
    groups: Array.from({ length: count }, (_, i) => filled.slice(i * size, (i + 1) * size)),
  };
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
