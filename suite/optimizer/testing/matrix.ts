/** @file Small dense matrices in float64, plain and slow: what tests hold tensors against. */
import fc from "fast-check";

/** Rows of numbers. */
export type Matrix = number[][];

export const transpose = (a: Matrix): Matrix =>
  (a[0] ?? []).map((_, j) => a.map((row) => row[j] as number));

export const multiply = (a: Matrix, b: Matrix): Matrix =>
  a.map((row) => transpose(b).map((column) => dot(row, column)));

export const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, x, i) => sum + x * (b[i] as number), 0);

export const combine = (a: Matrix, b: Matrix, f: (x: number, y: number) => number): Matrix =>
  a.map((row, i) => row.map((x, j) => f(x, b[i]?.[j] as number)));

export const scale = (a: Matrix, by: number): Matrix => a.map((row) => row.map((x) => x * by));

export const identity = (order: number, value = 1): Matrix =>
  Array.from({ length: order }, (_, i) =>
    Array.from({ length: order }, (_, j) => (i === j ? value : 0)),
  );

/** `xᵀx·by` */
export const gramOf = (x: Matrix, by = 1): Matrix => scale(multiply(transpose(x), x), by);

/** `a + λI` */
export const shifted = (a: Matrix, lambda: number): Matrix =>
  combine(a, identity(a.length, lambda), (x, y) => x + y);

/** x with `a x = b`, by elimination with pivots. */
export function solve(a: Matrix, b: Matrix): Matrix {
  const rows = a.map((row, i) => [...row, ...(b[i] ?? [])]);
  for (let k = 0; k < rows.length; k++) {
    const at = (i: number) => Math.abs(rows[i]?.[k] as number);
    let pivot = k;
    for (let i = k + 1; i < rows.length; i++) if (at(i) > at(pivot)) pivot = i;
    [rows[k], rows[pivot]] = [rows[pivot] as number[], rows[k] as number[]];
    const top = rows[k] as number[];
    const by = top[k] as number;
    rows[k] = top.map((x) => x / by);
    for (let i = 0; i < rows.length; i++) {
      if (i === k) continue;
      const factor = rows[i]?.[k] as number;
      rows[i] = (rows[i] as number[]).map((x, j) => x - factor * (rows[k]?.[j] as number));
    }
  }
  return rows.map((row) => row.slice(a.length));
}

/** Lower triangular L with `L Lᵀ = a`. */
export function choleskyOf(a: Matrix): Matrix {
  const lower = a.map((row) => row.map(() => 0));
  a.forEach((row, i) => {
    for (let j = 0; j <= i; j++) {
      const [li, lj] = [lower[i] as number[], lower[j] as number[]];
      const rest = (row[j] as number) - dot(li.slice(0, j), lj.slice(0, j));
      li[j] = i === j ? Math.sqrt(rest) : rest / (lj[j] as number);
    }
  });
  return lower;
}

/** Rows h with `hᵀh / rows` equal to a positive definite matrix. */
export const rowsWithCovariance = (a: Matrix): Matrix =>
  scale(transpose(choleskyOf(a)), Math.sqrt(a.length));

/** Largest |a − b| over the largest |b|. */
export function distance(a: Matrix, b: Matrix): number {
  const largest = Math.max(...b.flat().map(Math.abs)) || 1;
  const gaps = combine(a, b, (x, y) => Math.abs(x - y)).flat();
  return gaps.some(Number.isNaN) ? Number.POSITIVE_INFINITY : Math.max(...gaps) / largest;
}

/** A row-major list as rows. */
export const asRows = (values: readonly number[], columns: number): Matrix =>
  Array.from({ length: values.length / columns }, (_, i) =>
    values.slice(i * columns, (i + 1) * columns),
  );

/** Entries of a few digits in [−2, 2]. */
export const matrices = (rows: number, columns: number): fc.Arbitrary<Matrix> =>
  fc.array(
    fc.array(
      fc.integer({ min: -64, max: 64 }).map((k) => k / 32),
      { minLength: columns, maxLength: columns },
    ),
    { minLength: rows, maxLength: rows },
  );

/** Orthogonal matrices: products of Householder reflections. */
export const rotations = (order: number): fc.Arbitrary<Matrix> =>
  matrices(2, order).map((vectors) =>
    vectors.reduce((q, v) => {
      const length = dot(v, v);
      if (length < 1e-3) return q;
      const reflection = combine(
        identity(order),
        v.map((x) => v.map((y) => (2 * x * y) / length)),
        (x, y) => x - y,
      );
      return multiply(q, reflection);
    }, identity(order)),
  );
