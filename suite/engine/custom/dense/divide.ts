/**
 * @file Eigenvalues and eigenvectors of a symmetric tridiagonal matrix by divide and conquer (Cuppen
 * 1981; deflation as in LAPACK's dlaed2): split in two, solve both, join by a rank-one update. Nearly
 * all work is products of matrices, and what deflates costs nothing.
 */
import { timesTransposed } from "./product.ts";
import { type Eigen, implicitQl } from "./ql.ts";
import { rankOneEigen } from "./secular.ts";

/** Below this order rotations are faster than splitting. */
const SMALL = 32;

/** Of the tridiagonal matrix with this diagonal `[n]` and off-diagonal `[n − 1]`. */
export function tridiagonalEigen(diagonal: Float64Array, offDiagonal: Float64Array): Eigen {
  return conquer(diagonal, offDiagonal, DEFLATION * norm(diagonal, offDiagonal));
}

/** The largest row sum of the tridiagonal matrix. */
function norm(d: Float64Array, e: Float64Array): number {
  const around = (i: number) => Math.abs(e[i - 1] ?? 0) + Math.abs(e[i] ?? 0);
  return d.reduce((largest, di, i) => Math.max(largest, Math.abs(di) + around(i)), 0);
}

/** Differences below this, relative to the norm of the whole matrix, are rounding. */
const DEFLATION = 8 * Number.EPSILON;

function conquer(diagonal: Float64Array, offDiagonal: Float64Array, tolerance: number): Eigen {
  const n = diagonal.length;
  if (n <= SMALL) return implicitQl(diagonal, offDiagonal, tolerance);
  const m = n >> 1;
  const coupling = offDiagonal[m - 1] as number;
  const rho = Math.abs(coupling);
  // T = diag(T₁, T₂) + ρ u uᵀ, u = (0 … 0, 1, ±1, 0 … 0)
  const upper = diagonal.slice(0, m);
  const lower = diagonal.slice(m);
  upper[m - 1] = (upper[m - 1] as number) - rho;
  lower[0] = (lower[0] as number) - rho;
  const first = conquer(upper, offDiagonal.slice(0, m - 1), tolerance);
  const second = conquer(lower, offDiagonal.slice(m), tolerance);
  return join(first, second, { rho, sign: coupling < 0 ? -1 : 1, tolerance });
}

/** One column of diag(Q₁, Q₂), perhaps rotated with another; `d` its eigenvalue, `z` its weight. */
interface Column {
  d: number;
  z: number;
  /** Where it lives: in the first rows, the last rows, or (after a rotation) both. */
  inFirst: boolean;
  inSecond: boolean;
  values: Float64Array;
}

interface Coupling {
  readonly rho: number;
  readonly sign: number;
  readonly tolerance: number;
}

function join(first: Eigen, second: Eigen, { rho, sign, tolerance }: Coupling): Eigen {
  const m = first.values.length;
  const n = m + second.values.length;
  const columns = [
    ...columnsOf(first, 0, n, (m - 1) * m, 1),
    ...columnsOf(second, m, n, 0, sign),
  ].sort((a, b) => a.d - b.d);
  const { active, deflated } = deflate(columns, 2 * rho, tolerance);

  const update = rankOneEigen(
    Float64Array.from(active, ({ d }) => d),
    Float64Array.from(active, ({ z }) => z),
    2 * rho,
  );
  const k = active.length;
  const joined = new Float64Array(n * k);
  multiplyRows(joined, 0, m, active, (column) => column.inFirst, update.vectors);
  multiplyRows(joined, m, n, active, (column) => column.inSecond, update.vectors);

  const order = [
    ...Array.from({ length: k }, (_, i) => ({ d: update.values[i] as number, at: i })),
    ...deflated.map(({ d }, i) => ({ d, at: k + i })),
  ].sort((a, b) => a.d - b.d);
  const vectors = new Float64Array(n * n);
  order.forEach(({ at }, target) => {
    if (at < k) copyColumn(vectors, target, n, (row) => joined[row * k + at] as number);
    else {
      const { values } = deflated[at - k] as Column;
      copyColumn(vectors, target, n, (row) => values[row] as number);
    }
  });
  return { values: Float64Array.from(order, ({ d }) => d), vectors };
}

/** `weightRow` is where the row of Q that meets u begins; weights are scaled to total norm 1. */
function columnsOf(
  { values, vectors }: Eigen,
  rowOffset: number,
  n: number,
  weightRow: number,
  sign: number,
): Column[] {
  const size = values.length;
  return Array.from(values, (d, j) => {
    const column = new Float64Array(n);
    for (let i = 0; i < size; i++) column[rowOffset + i] = vectors[i * size + j] as number;
    return {
      d,
      z: sign * (vectors[weightRow + j] as number) * Math.SQRT1_2,
      inFirst: rowOffset === 0,
      inSecond: rowOffset !== 0,
      values: column,
    };
  });
}

/** Columns whose weight is negligible, or can be rotated into a neighbour, are eigenvectors already. */
function deflate(
  columns: Column[],
  rho: number,
  tolerance: number,
): { active: Column[]; deflated: Column[] } {
  const active: Column[] = [];
  const deflated: Column[] = [];
  for (const column of columns) {
    if (rho * Math.abs(column.z) <= tolerance) {
      deflated.push(column);
      continue;
    }
    const before = active.at(-1);
    if (before && rotatedAway(before, column, tolerance)) deflated.push(active.pop() as Column);
    active.push(column);
  }
  return { active, deflated };
}

/** Rotates `before`'s weight into `column` where their eigenvalues are as good as equal. */
function rotatedAway(before: Column, column: Column, tolerance: number): boolean {
  const weight = Math.hypot(before.z, column.z);
  const c = column.z / weight;
  const s = before.z / weight;
  if (Math.abs((column.d - before.d) * c * s) > tolerance) return false;
  const [dBefore, d] = [before.d, column.d];
  column.z = weight;
  before.z = 0;
  before.d = dBefore * c * c + d * s * s;
  column.d = dBefore * s * s + d * c * c;
  for (let i = 0; i < column.values.length; i++) {
    const x = before.values[i] as number;
    const y = column.values[i] as number;
    before.values[i] = c * x - s * y;
    column.values[i] = s * x + c * y;
  }
  before.inFirst = column.inFirst = before.inFirst || column.inFirst;
  before.inSecond = column.inSecond = before.inSecond || column.inSecond;
  return true;
}

/** Rows `from` to `to` of the product of the active columns with the eigenvectors of the update. */
function multiplyRows(
  result: Float64Array,
  from: number,
  to: number,
  active: readonly Column[],
  present: (column: Column) => boolean,
  updateVectors: Float64Array,
): void {
  const k = active.length;
  const used = active.flatMap((column, j) => (present(column) ? [j] : []));
  const left = new Float64Array((to - from) * used.length);
  const right = new Float64Array(k * used.length);
  used.forEach((j, t) => {
    const { values } = active[j] as Column;
    for (let i = from; i < to; i++) left[(i - from) * used.length + t] = values[i] as number;
    for (let i = 0; i < k; i++) right[i * used.length + t] = updateVectors[i * k + j] as number;
  });
  result.set(timesTransposed(left, to - from, right, k, used.length), from * k);
}

function copyColumn(
  matrix: Float64Array,
  column: number,
  n: number,
  value: (row: number) => number,
): void {
  for (let row = 0; row < n; row++) matrix[row * n + column] = value(row);
}
