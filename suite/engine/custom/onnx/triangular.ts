/**
 * @file Triangular systems as a graph: the leaves on the diagonal are inverted all at once, the rest
 * is matrix products by recursive halving.
 */
import type { GraphBuilder } from "../../graph.ts";
import type { TriangularForm } from "../dense/triangular.ts";
import { allFinite, assemble, padEnd, product, slice, transpose } from "./matrix.ts";
import { quartered } from "./quarters.ts";

const LEAF = 64;

/**
 * Writes TriangularSolve for float32 names triangular [n, n] and rhs ([n, m], or [m, n] on the
 * right); returns solution and ok.
 */
export function emitTriangularSolve(
  b: GraphBuilder,
  triangular: string,
  rhs: string,
  n: number,
  form: TriangularForm,
): [solution: string, ok: string] {
  const inverses = invertDiagonal(b, triangular, n, form.lower);
  const solution = solver(b, triangular, n, form, inverses)(0, inverses.length, rhs);
  const ok = allFinite(b, solution);
  return [b.node("Where", [ok, solution, b.constant(0, "float32")]), ok];
}

/** Inverses of the leaf blocks on the diagonal, each lower triangular: of Tᵀ where T is upper. */
function invertDiagonal(b: GraphBuilder, t: string, n: number, lower: boolean): string[] {
  const count = Math.ceil(n / LEAF);
  const size = count > 1 ? LEAF : 2 ** Math.ceil(Math.log2(n));
  const whole = Math.floor(n / size);
  const stacks = whole === 0 ? [] : [wholeBlocks(b, t, { n, size, whole }, lower)];
  if (whole < count) {
    const range = [whole * size, n] as const;
    const block = slice(b, t, { rows: range, columns: range });
    const held = b.node("Trilu", [lower ? block : transpose(b, block)], { upper: 0 });
    stacks.push(b.reshape(padded(b, held, n - whole * size, size), [1, size, size]));
  }
  const stack = stacks.length === 1 ? (stacks[0] as string) : b.node("Concat", stacks, { axis: 0 });
  const inverses = invertLowerBlocks(b, stack, size);
  const parts = b.nodes("Split", [inverses], { axis: 0, num_outputs: count }, count);
  return parts.map((part, i) => {
    const rows = Math.min(n - i * size, size);
    const whole = b.reshape(part, [size, size]);
    return rows === size ? whole : slice(b, whole, { rows: [0, rows], columns: [0, rows] });
  });
}

/** The first `whole` blocks on the diagonal, lower triangles: all rows are picked at once. */
function wholeBlocks(
  b: GraphBuilder,
  t: string,
  { n, size, whole }: { n: number; size: number; whole: number },
  lower: boolean,
): string {
  const columns = [0, whole * size] as const;
  const left = whole * size === n ? t : slice(b, t, { rows: columns, columns });
  const pieces = b.reshape(left, [whole * size * whole, size]);
  const taken = Array.from({ length: whole * size }, (_, row) => {
    return row * whole + Math.floor(row / size);
  });
  const rows = b.node("Gather", [pieces, b.constant(taken, "int32", [taken.length])], { axis: 0 });
  const blocks = b.reshape(rows, [whole, size, size]);
  const held = lower ? blocks : b.node("Transpose", [blocks], { perm: [0, 2, 1] });
  return b.node("Trilu", [held], { upper: 0 });
}

/** `x [n, n]` in the corner of an identity of `size`. */
function padded(b: GraphBuilder, x: string, n: number, size: number): string {
  if (n === size) return x;
  const room = padEnd(b, x, { rows: size - n, columns: size - n, stacked: false });
  const ones = Array.from({ length: size }, (_, i) => (i < n ? 0 : 1));
  const corner = b.node("Mul", [b.node("EyeLike", [room]), b.constant(ones, "float32")]);
  return b.node("Add", [room, corner]);
}

/** Inverts a batch `[k, size, size]` of lower triangles: halves downwards, joins upwards. */
function invertLowerBlocks(b: GraphBuilder, stack: string, size: number): string {
  const corners: string[] = [];
  let blocks = stack;
  for (let g = size / 2; g >= 1; g /= 2) {
    const { first, lower, second } = quartered(b, blocks, g);
    corners.push(lower);
    blocks = b.node("Concat", [first, second], { axis: 0 });
  }
  let inverse = b.node("Reciprocal", [blocks]);
  for (let g = 1; g < size; g *= 2) {
    const [m1, m2] = b.nodes("Split", [inverse], { axis: 0, num_outputs: 2 }, 2) as [
      string,
      string,
    ];
    const corner = corners.pop() as string;
    const m21 = b.node("Neg", [b.node("MatMul", [m2, b.node("MatMul", [corner, m1])])]);
    inverse = assemble(b, [m1, b.node("Mul", [m1, b.constant(0, "float32")])], [m21, m2]);
  }
  return inverse;
}

type Solve = (from: number, to: number, rhs: string) => string;

/** Solves with the leaves `from` to `to` of op(T). */
function solver(
  b: GraphBuilder,
  t: string,
  n: number,
  { lower, transpose: flipped, side }: TriangularForm,
  inverses: readonly string[],
): Solve {
  const left = side === "left";
  // Whether what is solved first is the upper (left) part.
  const forward = (lower !== flipped) === left;
  const bound = (leaf: number) => Math.min(n, leaf * LEAF);
  const solve: Solve = (from, to, rhs) => {
    if (to - from === 1) {
      const inverse = inverses[from] as string;
      const trans = lower === flipped;
      return left
        ? product(b, inverse, rhs, { transX: trans })
        : product(b, rhs, inverse, { transY: trans });
    }
    const middle = (from + to) >> 1;
    const [start, cut, end] = [bound(from), bound(middle), bound(to)];
    const part = (a: number, z: number) =>
      b.node("Slice", [rhs, b.ints([a - start]), b.ints([z - start]), b.ints([left ? 0 : 1])]);
    const halves = {
      first: { leaves: [from, middle] as const, rhs: part(start, cut) },
      second: { leaves: [middle, to] as const, rhs: part(cut, end) },
    };
    const [early, late] = forward ? [halves.first, halves.second] : [halves.second, halves.first];
    const solved = solve(...early.leaves, early.rhs);
    // The block of T that couples the two, as stored.
    const [upperRange, lowerRange] = [[start, cut] as const, [cut, end] as const];
    const coupling = lower
      ? slice(b, t, { rows: lowerRange, columns: upperRange })
      : slice(b, t, { rows: upperRange, columns: lowerRange });
    const remaining = left
      ? product(b, coupling, solved, { transX: flipped, alpha: -1, plus: late.rhs })
      : product(b, solved, coupling, { transY: flipped, alpha: -1, plus: late.rhs });
    const rest = solve(...late.leaves, remaining);
    return b.node("Concat", forward ? [solved, rest] : [rest, solved], { axis: left ? 0 : 1 });
  };
  return solve;
}
