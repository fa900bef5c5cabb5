/** @file K-FAC's closed form in float64. */
import { type Matrix, shifted, solve, transpose } from "./matrix.ts";

/** Factored damping in float64. */
export function ridges(a: Matrix, b: Matrix, damping: number): [number, number] {
  const mean = (x: Matrix) => x.reduce((sum, row, i) => sum + (row[i] as number), 0) / x.length;
  const pi = Math.sqrt(mean(a) / mean(b));
  return [Math.max(Math.sqrt(damping) * pi, 1e-7), Math.max(Math.sqrt(damping) / pi, 1e-7)];
}

/** `(A + λ_A I)⁻¹ G (B + λ_B I)⁻¹` in float64. */
export function factoredSolution(a: Matrix, b: Matrix, gradient: Matrix, damping: number): Matrix {
  const [ridgeA, ridgeB] = ridges(a, b, damping);
  const left = solve(shifted(a, ridgeA), gradient);
  return transpose(solve(shifted(b, ridgeB), transpose(left)));
}
