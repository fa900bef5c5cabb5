/** @file Eigenvalues and eigenvectors of a small symmetric tridiagonal matrix by the QL algorithm. */

export interface Eigen {
  /** Ascending, `[n]`. */
  readonly values: Float64Array;
  /** Columns are the unit eigenvectors, `[n, n]`. */
  readonly vectors: Float64Array;
}

const MAX_SWEEPS = 60;

/**
 * Implicit shifts as in EISPACK's tql2; off-diagonals up to `negligible` count as zero. About 6n³
 * FLOPs.
 *
 * @throws Error where an eigenvalue does not converge: the matrix was not finite
 */
export function implicitQl(
  diagonal: Float64Array,
  offDiagonal: Float64Array,
  negligible: number,
): Eigen {
  const n = diagonal.length;
  const d = diagonal.slice();
  const e = new Float64Array(n);
  e.set(offDiagonal);
  // Rows are eigenvectors while rotations act on pairs of them.
  const rows = new Float64Array(n * n);
  for (let i = 0; i < n; i++) rows[i * n + i] = 1;
  for (let l = 0; l < n; l++) {
    for (let sweep = 0; ; sweep++) {
      let m = l;
      while (m < n - 1 && Math.abs(e[m] as number) > negligible) m++;
      if (m === l) break;
      if (sweep === MAX_SWEEPS) throw new Error("The QL algorithm did not converge.");
      chase(d, e, rows, l, m);
    }
  }
  const order = Array.from(d, (_, i) => i).sort((a, b) => (d[a] as number) - (d[b] as number));
  const vectors = new Float64Array(n * n);
  order.forEach((from, column) => {
    for (let i = 0; i < n; i++) vectors[i * n + column] = rows[from * n + i] as number;
  });
  return { values: Float64Array.from(order, (i) => d[i] as number), vectors };
}

/** One QL sweep with Wilkinson's shift on indices l to m. */
function chase(d: Float64Array, e: Float64Array, rows: Float64Array, l: number, m: number): void {
  const el = e[l] as number;
  const ratio = ((d[l + 1] as number) - (d[l] as number)) / (2 * el);
  const root = Math.hypot(ratio, 1);
  let g = (d[m] as number) - (d[l] as number) + el / (ratio + (ratio < 0 ? -root : root));
  let [s, c, p] = [1, 1, 0];
  for (let i = m - 1; i >= l; i--) {
    const f = s * (e[i] as number);
    const b = c * (e[i] as number);
    const r = Math.hypot(f, g);
    e[i + 1] = r;
    if (r === 0) {
      // The chain broke: what is left converges in the next sweep.
      d[i + 1] = (d[i + 1] as number) - p;
      e[m] = 0;
      return;
    }
    s = f / r;
    c = g / r;
    g = (d[i + 1] as number) - p;
    const t = ((d[i] as number) - g) * s + 2 * c * b;
    p = s * t;
    d[i + 1] = g + p;
    g = c * t - b;
    rotate(rows, d.length, i, c, s);
  }
  d[l] = (d[l] as number) - p;
  e[l] = g;
  e[m] = 0;
}

/** Rotates rows i and i + 1. */
function rotate(rows: Float64Array, n: number, i: number, c: number, s: number): void {
  const [low, high] = [i * n, (i + 1) * n];
  for (let k = 0; k < n; k++) {
    const x = rows[low + k] as number;
    const y = rows[high + k] as number;
    rows[high + k] = s * x + c * y;
    rows[low + k] = c * x - s * y;
  }
}
