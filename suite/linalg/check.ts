/** @file The one complaint about shapes. */
import type { Tensor, Tensor2D } from "@tensorflow/tfjs-core";

/** The order of a square matrix; throws for anything else. */
export function squareOrder(matrix: Tensor2D, what: string): number {
  const [rows, columns] = matrix.shape;
  if (matrix.rank === 2 && rows === columns && rows > 0 && matrix.dtype === "float32") return rows;
  throw new Error(
    `${what} needs a square float32 matrix [d, d] with d ≥ 1; got ${matrix.dtype} [${matrix.shape}].`,
  );
}

/** Throws unless `tensor` has exactly this shape. */
export function requireShape(tensor: Tensor, shape: readonly number[], what: string): void {
  if (tensor.rank === shape.length && tensor.shape.every((size, i) => size === shape[i])) return;
  throw new Error(`${what} must have shape [${shape}]; got [${tensor.shape}].`);
}
