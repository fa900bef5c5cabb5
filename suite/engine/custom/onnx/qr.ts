/**
 * @file QR factors by Householder reflections as a graph: a Loop makes the reflectors of a panel of
 * columns, matrix products apply them to the rest (Schreiber & Van Loan 1989):
 *
 *   H₁ ⋯ H_w = I − V T Vᵀ,   H = I − v vᵀ with ‖v‖ = √2 or 0,   T⁻¹ = I + striu(Vᵀ V)
 *
 * Orthonormal to rounding whatever the condition, and where columns depend on each other.
 */
import type { GraphBuilder } from "../../graph.ts";
import { loop } from "./loop.ts";
import { allFinite, type Float, inFloat, product, slice, total } from "./matrix.ts";

const PANEL = 32;

/** Reflectors V [height, width] and T [width, width] of one panel. */
interface Panel {
  readonly v: string;
  readonly t: string;
  readonly start: number;
  readonly width: number;
  readonly height: number;
}

/** Writes QR for a float32 name matrix [m, n], m ≥ n; returns q, r and ok. */
export function emitQr(
  b: GraphBuilder,
  matrix: string,
  m: number,
  n: number,
  dtype: Float,
): [q: string, r: string, ok: string] {
  const wide = inFloat(b, matrix, "float32", dtype);
  // Squares of its entries must neither overflow nor vanish.
  const largest = b.node("ReduceMax", [b.node("Abs", [wide])], { keepdims: 0 });
  const isZero = b.node("Equal", [largest, b.constant(0, dtype)]);
  const scale = b.node("Where", [isZero, b.constant(1, dtype), largest]);
  const { panels, rows } = reduce(b, b.node("Div", [wide, scale]), m, n, dtype);
  const triangle = b.node("Concat", rows, { axis: 0 });
  const signs = signsOf(b, triangle, n, dtype);
  const q = b.node("Mul", [accumulate(b, panels, n, dtype), b.reshape(signs, [1, n])]);
  const r = b.node("Mul", [b.node("Mul", [triangle, b.reshape(signs, [n, 1])]), scale]);

  const narrowQ = inFloat(b, q, dtype, "float32");
  const narrowR = inFloat(b, r, dtype, "float32");
  const ok = b.node("And", [allFinite(b, narrowQ), allFinite(b, narrowR)]);
  const zero = b.constant(0, "float32");
  return [
    b.node("Where", [ok, narrowQ, b.node("EyeLike", [matrix])]),
    b.node("Where", [ok, narrowR, zero]),
    ok,
  ];
}

/** Panel by panel: the reflectors, and R's rows, `[width, n]` each. */
function reduce(
  b: GraphBuilder,
  matrix: string,
  m: number,
  n: number,
  dtype: Float,
): { panels: Panel[]; rows: string[] } {
  const panels: Panel[] = [];
  const rows: string[] = [];
  let rest = matrix;
  for (let start = 0; start < n; start += PANEL) {
    const [height, columns] = [m - start, n - start];
    const width = Math.min(PANEL, columns);
    const all = [0, height] as const;
    const { v, panel } = reflectors(b, slice(b, rest, { rows: all, columns: [0, width] }), {
      height,
      width,
      dtype,
    });
    const gram = b.node("Trilu", [product(b, v, v, { transX: true }), b.constant(1, "int64")], {
      upper: 1,
    });
    const t = b.node("com.microsoft:Inverse", [b.node("Add", [gram, b.node("EyeLike", [gram])])]);
    panels.push({ v, t, start, width, height });
    const top = [0, width] as const;
    const head = b.node("Trilu", [slice(b, panel, { rows: top, columns: top })], { upper: 1 });
    const before = b.ints([0, start, 0, 0]);
    if (columns === width) {
      rows.push(b.node("Pad", [head, before]));
      break;
    }
    const others = slice(b, rest, { rows: all, columns: [width, columns] });
    const mixed = product(b, t, product(b, v, others, { transX: true }), { transX: true });
    const updated = product(b, v, mixed, { alpha: -1, plus: others });
    const right = slice(b, updated, { rows: top, columns: [0, columns - width] });
    rows.push(b.node("Pad", [b.node("Concat", [head, right], { axis: 1 }), before]));
    rest = slice(b, updated, { rows: [width, height], columns: [0, columns - width] });
  }
  return { panels, rows };
}

/** The reflectors of a panel as columns of v, and what they make of the panel. */
function reflectors(
  b: GraphBuilder,
  columns: string,
  { height, width, dtype }: { height: number; width: number; dtype: Float },
): { v: string; panel: string } {
  const number = (value: number) => b.constant(value, dtype);
  const zero = b.constant(0, "int64");
  const one = b.constant(1, "int64");
  const rowIndex = b.reshape(b.node("Range", [zero, b.constant(height, "int64"), one]), [
    height,
    1,
  ]);
  const columnIndex = b.reshape(b.node("Range", [zero, b.constant(width, "int64"), one]), [
    1,
    width,
  ]);
  const shape = [height, width];
  const empty = b.node("Expand", [number(0), b.ints(shape)]);
  const carried = [
    { dtype, shape, start: columns },
    { dtype, shape, start: empty },
  ] as const;
  const outputs = loop(b, width, carried, (g, values, k) => {
    const [panel, known] = values as [string, string];
    const below = g.cast(g.node("GreaterOrEqual", [rowIndex, k]), dtype);
    const here = g.cast(g.node("Equal", [rowIndex, k]), dtype);
    const column = g.reshape(g.node("Gather", [panel, k], { axis: 1 }), [height, 1]);
    const x = g.node("Mul", [column, below]);
    const norm = g.node("Sqrt", [total(g, g.node("Mul", [x, x]))]);
    const head = total(g, g.node("Mul", [x, here]));
    const minus = g.node("Neg", [norm]);
    const value = g.node("Where", [g.node("Greater", [head, number(0)]), minus, norm]);
    const size = g.node("Sqrt", [
      g.node("Mul", [norm, g.node("Add", [norm, g.node("Abs", [head])])]),
    ]);
    const divisor = g.node("Where", [g.node("Equal", [size, number(0)]), number(1), size]);
    const v = g.node("Div", [g.node("Sub", [x, g.node("Mul", [here, value])]), divisor]);
    const place = g.cast(g.node("Equal", [columnIndex, k]), dtype);
    return {
      going: g.node("Identity", [g.constant(1, "bool")]),
      values: [
        product(g, v, product(g, v, panel, { transX: true }), { alpha: -1, plus: panel }),
        product(g, v, place, { plus: known }),
      ],
    };
  });
  const [panel, v] = outputs as [string, string];
  return { v, panel };
}

/** The first n columns of `H₁ ⋯ H_n`, from the last panel to the first. */
function accumulate(b: GraphBuilder, panels: readonly Panel[], n: number, dtype: Float): string {
  const identity = (rows: number, columns: number) =>
    b.node("EyeLike", [b.node("Expand", [b.constant(0, dtype), b.ints([rows, columns])])]);
  let q: string | undefined;
  for (const { v, t, start, width, height } of panels.toReversed()) {
    const columns = n - start;
    let base: string;
    if (q === undefined) base = identity(height, columns);
    else {
      // The panels after this one see neither its rows nor its columns.
      const pads = b.ints([0, 0, height - width, columns - width]);
      const own = b.node("Pad", [identity(width, width), pads]);
      base = b.node("Add", [own, b.node("Pad", [q, b.ints([width, width, 0, 0])])]);
    }
    const mixed = product(b, t, product(b, v, base, { transX: true }));
    q = product(b, v, mixed, { alpha: -1, plus: base });
  }
  return q as string;
}

/** −1 where R's diagonal is negative, else 1; `[n]`. */
function signsOf(b: GraphBuilder, triangle: string, n: number, dtype: Float): string {
  const flat = b.reshape(triangle, [n * n]);
  const diagonal = b.node("Slice", [
    flat,
    b.ints([0]),
    b.ints([n * n]),
    b.ints([0]),
    b.ints([n + 1]),
  ]);
  const negative = b.node("Less", [diagonal, b.constant(0, dtype)]);
  return b.node("Where", [negative, b.constant(-1, dtype), b.constant(1, dtype)]);
}
