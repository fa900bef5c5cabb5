/** @file Triangular systems in float64. */
import { fitsFloat32 } from "./cholesky.ts";
import { transposed } from "./product.ts";

/** Which triangle of T holds values, whether it acts transposed, and on which side of X. */
export interface TriangularForm {
  readonly lower: boolean;
  readonly transpose: boolean;
  readonly side: "left" | "right";
}

/**
 * X of `op(T) X = B` (left, B `[n, m]`) or `X op(T) = B` (right, B `[m, n]`), op transposing where
 * asked; null where T is singular or the result not finite. n²m FLOPs.
 */
export function solveTriangular(
  t: ArrayLike<number>,
  n: number,
  rhs: ArrayLike<number>,
  m: number,
  { lower, transpose, side }: TriangularForm,
): Float64Array | null {
  const right = side === "right";
  // X op(T) = B is op(T)ᵀ Xᵀ = Bᵀ.
  const x = right ? transposed(rhs, m, n) : Float64Array.from(rhs);
  const flipped = transpose !== right;
  const forward = lower !== flipped;
  for (let step = 0; step < n; step++) {
    const i = forward ? step : n - 1 - step;
    for (let done = 0; done < step; done++) {
      const k = forward ? done : n - 1 - done;
      const factor = (flipped ? t[k * n + i] : t[i * n + k]) as number;
      if (factor === 0) continue;
      for (let j = 0; j < m; j++) {
        x[i * m + j] = (x[i * m + j] as number) - factor * (x[k * m + j] as number);
      }
    }
    const pivot = t[i * n + i] as number;
    for (let j = 0; j < m; j++) x[i * m + j] = (x[i * m + j] as number) / pivot;
  }
  if (!x.every(fitsFloat32)) return null;
  return right ? transposed(x, n, m) : x;
}
