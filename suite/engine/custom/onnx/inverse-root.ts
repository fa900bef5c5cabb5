/**
 * @file The inverse p-th root of a symmetric positive semi-definite matrix, as a weighted sum of
 * inverses (see rational.ts):
 *
 *   X = (S + ρλI)^(−1/p) = σ^(−1/p)·(c I + Σⱼ wⱼ (Ŝ + sⱼ I)⁻¹),   Ŝ = (S + ρλI)/σ,  σ = λ(1 + ρ)
 *
 * with λ the largest eigenvalue and ρ the ridge, so that Ŝ's spectrum lies in [ρ/(1 + ρ), 1]. The
 * number of inverses follows from ρ alone: 5 to 9 in float32. Coupled Newton needs 18 rounds of four
 * products for the same (ρ = 1e-6, p = 4), each nearly as long as an inverse, and stops converging
 * where this does not.
 */
import type { GraphBuilder } from "../../graph.ts";
import { MAX_RETRIES, PROBES, probeAngle, RETRY_FLOOR, ROOT_TOLERANCE } from "../kernels.ts";
import { type RootAttributes, rootFractions } from "../rational.ts";
import { assemble } from "./blocks.ts";
import { type InverseFactor, inverseFactor } from "./cholesky.ts";
import { allFinite, identityLike, inFloat, product, total, transpose } from "./matrix.ts";

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

interface Spectrum {
  readonly s: string;
  readonly top: string;
  readonly rho: string;
}

/** X, and whether every shifted matrix was positive definite. */
function sumOfInverses(
  b: GraphBuilder,
  { s, top, rho }: Spectrum,
  n: number,
  attributes: RootAttributes,
): { root: string; positive: string } {
  const { p, precision: dtype } = attributes;
  const { constant, shifts, weights } = rootFractions(attributes);
  const number = (value: number) => b.constant(value, dtype);
  const scale = b.node("Mul", [top, b.node("Add", [rho, number(1)])]);
  const power = b.node("Pow", [scale, number(-1 / p)]);
  // wⱼ (Ŝ + sⱼ)⁻¹ = (Ŝ/wⱼ + sⱼ/wⱼ)⁻¹: what is added needs no weight.
  const weightsNow = b.node("Mul", [b.constant([...weights], dtype), power]);
  const factors = b.node("Reciprocal", [b.node("Mul", [weightsNow, scale])]);
  const base = b.node("Div", [b.node("Mul", [rho, top]), scale]);
  const shiftsNow = b.node("Div", [
    b.node("Add", [b.constant([...shifts], dtype), base]),
    weightsNow,
  ]);

  const blocks = blockSizes(n);
  const eye = (size: number) => {
    const zeros = b.node("Expand", [number(0), b.ints([size, size])]);
    return b.node("Mul", [identityLike(b, zeros), b.node("Mul", [power, number(constant)])]);
  };
  const sums = blocks.map(([rows, columns], part) =>
    part === 1 ? b.node("Expand", [number(0), b.ints([rows, columns])]) : eye(rows),
  );
  const body = b.subgraph(
    [
      { dtype: "int64", shape: [] },
      { dtype: "bool", shape: [] },
      { dtype: "bool", shape: [] },
      ...blocks.map((shape) => ({ dtype, shape })),
    ],
    [
      { dtype: "bool", shape: [] },
      { dtype: "bool", shape: [] },
      ...blocks.map((shape) => ({ dtype, shape })),
    ],
    (g, [index, , good, ...partial]) => {
      const pick = (list: string) => g.node("Gather", [list, index as string], { axis: 0 });
      const scaled = g.node("Mul", [s, pick(factors)]);
      const { root, positive } = inverseFactor(g, scaled, n, { dtype, shift: pick(shiftsNow) });
      const both = g.node("And", [good as string, positive]);
      return [both, both, ...addGram(g, root, partial)];
    },
  );
  const initial = [
    b.constant(shifts.length, "int64"),
    b.constant(1, "bool"),
    b.constant(1, "bool"),
  ];
  const [positive, ...parts] = b.nodes("Loop", [...initial, ...sums], { body }, 1 + blocks.length);
  return { root: joined(b, parts), positive: positive as string };
}

/** Shapes of the parts in which X is summed: one, or upper left, upper right, lower right. */
function blockSizes(n: number): [number, number][] {
  if (n <= SINGLE) return [[n, n]];
  const h = Math.ceil(n / 2);
  return [
    [h, h],
    [h, n - h],
    [n - h, n - h],
  ];
}

/** Up to this order X is summed as one block. */
const SINGLE = 128;

/** The parts plus those of `Mᵀ M`. */
function addGram(b: GraphBuilder, m: InverseFactor, parts: readonly string[]): string[] {
  const [topLeft, topRight, bottomRight] = parts as [string, string, string];
  const square = (x: string, plus: string) => product(b, x, x, { transX: true, plus });
  if (parts.length === 1 || !m.split) return [square(m.inverse, topLeft)];
  const { first, second, corner } = m.split;
  return [
    square(corner, square(first.inverse, topLeft)),
    product(b, corner, second.inverse, { transX: true, plus: topRight }),
    square(second.inverse, bottomRight),
  ];
}

function joined(b: GraphBuilder, parts: readonly string[]): string {
  const [topLeft, topRight, bottomRight] = parts as [string, string, string];
  if (parts.length === 1) return topLeft;
  return assemble(b, [topLeft, topRight], [transpose(b, topRight), bottomRight]);
}

/** `‖Xᵖ(S + ρλI)V − V‖/‖V‖` for fixed probe vectors V: certifies X without forming Xᵖ. */
function residualOf(
  b: GraphBuilder,
  { root, s, top, rho }: Spectrum & { root: string },
  n: number,
  { p, precision: dtype }: RootAttributes,
): string {
  const angles = Array.from({ length: PROBES }, (_, j) => probeAngle(j));
  const rows = b.cast(
    b.node("Range", [b.constant(1, "int32"), b.constant(n + 1, "int32"), b.constant(1, "int32")]),
    dtype,
  );
  const column = b.reshape(rows, [n, 1]);
  const grid = b.node("Mul", [column, b.constant(angles, dtype, [1, PROBES])]);
  const probes = b.node("Sin", [b.node("Mul", [grid, column])]);
  const damped = b.node("Mul", [probes, b.node("Mul", [rho, top])]);
  let image = b.node("Add", [b.node("MatMul", [s, probes]), damped]);
  for (let i = 0; i < p; i++) image = b.node("MatMul", [root, image]);
  const error = b.node("Sub", [image, probes]);
  const squared = (x: string) => total(b, b.node("Mul", [x, x]));
  return inFloat(
    b,
    b.node("Sqrt", [b.node("Div", [squared(error), squared(probes)])]),
    dtype,
    "float32",
  );
}
