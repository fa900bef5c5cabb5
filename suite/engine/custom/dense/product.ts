/** @file Products of row-major float64 matrices, in register tiles that JavaScript engines pipeline. */

/** `A Bᵀ`, `[rowsA, rowsB]`, for A `[rowsA, inner]` and B `[rowsB, inner]`. */
export function timesTransposed(
  a: Float64Array,
  rowsA: number,
  b: Float64Array,
  rowsB: number,
  inner: number,
): Float64Array {
  const c = new Float64Array(rowsA * rowsB);
  let i = 0;
  for (; i + 3 < rowsA; i += 4) {
    let j = 0;
    for (; j + 1 < rowsB; j += 2) tile(a, i, b, j, c, rowsB, inner);
    for (; j < rowsB; j++) {
      for (let k = i; k < i + 4; k++) c[k * rowsB + j] = dot(a, k * inner, b, j * inner, inner);
    }
  }
  for (; i < rowsA; i++) {
    for (let j = 0; j < rowsB; j++) {
      c[i * rowsB + j] = dot(a, i * inner, b, j * inner, inner);
    }
  }
  return c;
}

/** Four rows of A by two of B: eight sums for six loads. */
function tile(
  a: Float64Array,
  i: number,
  b: Float64Array,
  j: number,
  c: Float64Array,
  columns: number,
  inner: number,
): void {
  let [s00, s01, s10, s11, s20, s21, s30, s31] = [0, 0, 0, 0, 0, 0, 0, 0];
  const [a0, a1, a2, a3] = [i * inner, (i + 1) * inner, (i + 2) * inner, (i + 3) * inner];
  const [b0, b1] = [j * inner, (j + 1) * inner];
  for (let k = 0; k < inner; k++) {
    const x = b[b0 + k] as number;
    const y = b[b1 + k] as number;
    const p = a[a0 + k] as number;
    s00 += p * x;
    s01 += p * y;
    const q = a[a1 + k] as number;
    s10 += q * x;
    s11 += q * y;
    const r = a[a2 + k] as number;
    s20 += r * x;
    s21 += r * y;
    const t = a[a3 + k] as number;
    s30 += t * x;
    s31 += t * y;
  }
  const at = i * columns + j;
  c[at] = s00;
  c[at + 1] = s01;
  c[at + columns] = s10;
  c[at + columns + 1] = s11;
  c[at + 2 * columns] = s20;
  c[at + 2 * columns + 1] = s21;
  c[at + 3 * columns] = s30;
  c[at + 3 * columns + 1] = s31;
}

/** `Σ a[from + k]·b[to + k]`, k < length, in four partial sums: they pipeline. */
export function dot(
  a: Float64Array,
  from: number,
  b: Float64Array,
  to: number,
  length: number,
): number {
  let [s0, s1, s2, s3] = [0, 0, 0, 0];
  let k = 0;
  for (; k + 3 < length; k += 4) {
    s0 += (a[from + k] as number) * (b[to + k] as number);
    s1 += (a[from + k + 1] as number) * (b[to + k + 1] as number);
    s2 += (a[from + k + 2] as number) * (b[to + k + 2] as number);
    s3 += (a[from + k + 3] as number) * (b[to + k + 3] as number);
  }
  for (; k < length; k++) s0 += (a[from + k] as number) * (b[to + k] as number);
  return s0 + s1 + (s2 + s3);
}

/** The transpose, `[columns, rows]`, of A `[rows, columns]`. */
export function transposed(a: ArrayLike<number>, rows: number, columns: number): Float64Array {
  const t = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) t[j * rows + i] = a[i * columns + j] as number;
  }
  return t;
}
