/**
 * @file FLOPs of the custom kernels: the least that the method needs, the same on every backend,
 * whatever a backend's own method takes. Retries are not known when a kernel is called, and are not
 * counted; nor are the rounds of an iteration that ends by itself, of which the limit is counted.
 */
import type { TensorInfo } from "@tensorflow/tfjs-core";
import {
  CHOLESKY,
  INVERSE_ROOT,
  INVERSE_ROOT_PRODUCT,
  LARGEST_EIGENVALUE,
  type Precision,
  QR,
  rootProductsOf,
  SPD_INVERSE,
  SPD_SOLVE,
  SYMMETRIC_EIGEN,
  systemsOf,
  TRIANGULAR_SOLVE,
} from "./kernels.ts";
import { rootFractions } from "./rational.ts";

type Attributes = Readonly<Record<string, unknown>>;
type Inputs = Readonly<Record<string, TensorInfo | undefined>>;

/** Kernel name → FLOPs of a call. */
export const CUSTOM_KERNEL_FLOPS: Readonly<
  Record<string, (inputs: Inputs, attributes: Attributes) => number>
> = {
  /** Factor, its inverse and their product: d³/3 each. */
  [SPD_INVERSE]: ({ matrix }) => size(matrix) * (matrix?.shape.at(-1) ?? 0),
  /** Factor, and each right-hand side through it twice. */
  [SPD_SOLVE]: (inputs) =>
    systemsOf(Object.values(inputs)).reduce((sum, { matrix, rhs }) => {
      return sum + rows(matrix) ** 3 / 3 + 2 * rows(matrix) * size(rhs);
    }, 0),
  [CHOLESKY]: ({ matrix }) => rows(matrix) ** 3 / 3,
  [TRIANGULAR_SOLVE]: ({ triangular, rhs }) => rows(triangular) * size(rhs),
  /** 2mn² for R, as much for Q. */
  [QR]: ({ matrix }) => 4 * size(matrix) * (matrix?.shape[1] ?? 0),
  [LARGEST_EIGENVALUE]: ({ matrix }, { iterations }) => {
    return 2 * (iterations as number) * rows(matrix) ** 2;
  },
  /** One inverse per fraction. */
  [INVERSE_ROOT]: ({ matrix }, attributes) => fractionsOf(attributes) * rows(matrix) ** 3,
  /** One system per fraction. */
  [INVERSE_ROOT_PRODUCT]: (inputs, attributes) =>
    rootProductsOf(Object.values(inputs)).reduce((sum, { matrix, rows: right }) => {
      const system = rows(matrix) ** 3 / 3 + 2 * rows(matrix) * size(right);
      return sum + fractionsOf(attributes) * system;
    }, 0),
  /** 4d³/3 to tridiagonal form, at most 4d³/3 for its vectors, 2d³ back. */
  [SYMMETRIC_EIGEN]: ({ matrix }) => (14 / 3) * rows(matrix) ** 3,
};

function fractionsOf({ p, ridge, precision }: Attributes): number {
  const root = { p: p as number, ridge: ridge as number, precision: precision as Precision };
  return rootFractions(root).shifts.length;
}

function rows(info: TensorInfo | undefined): number {
  return info?.shape[0] ?? 0;
}

function size(info: TensorInfo | undefined): number {
  return info?.shape.reduce((product, length) => product * length, 1) ?? 0;
}
