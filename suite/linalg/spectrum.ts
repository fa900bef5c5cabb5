/** @file Eigenvalues, eigenvectors and inverse roots of symmetric matrices. */
import * as tf from "@tensorflow/tfjs-core";
import {
  INVERSE_ROOT,
  INVERSE_ROOT_PRODUCT,
  LARGEST_EIGENVALUE,
  runCustomKernel,
  SYMMETRIC_EIGEN,
} from "../engine/custom/kernels.ts";
import { requireShape, squareOrder } from "./check.ts";
import type { PrecisionOption } from "./factorizations.ts";
import { groupsOf } from "./groups.ts";

export interface SymmetricEigen {
  /** Ascending, `[d]`; zero where `ok` is false. */
  readonly values: tf.Tensor1D;
  /**
   * Columns are unit eigenvectors, `[d, d]`, each with its component of largest magnitude positive;
   * the identity where `ok` is false.
   */
  readonly vectors: tf.Tensor2D;
  /** bool scalar: whether the matrix was finite. */
  readonly ok: tf.Scalar;
}

/**
 * `S = V Λ Vᵀ` for a symmetric S `[d, d]`, in float64. At most 14d³/3 FLOPs. On `onnxruntime` most of
 * it runs in JavaScript (a fallback that forces pending work): a tenth of a second at 512, half a
 * one at 1024. For a root prefer `inverseRoot`; a basis that changes slowly can be followed by `qr`.
 */
export function symmetricEigen(matrix: tf.Tensor2D): SymmetricEigen {
  squareOrder(matrix, "symmetricEigen");
  const [values, vectors, ok] = runCustomKernel(SYMMETRIC_EIGEN, { matrix }, {});
  return {
    values: values as tf.Tensor1D,
    vectors: vectors as tf.Tensor2D,
    ok: ok as tf.Scalar,
  };
}

export interface LargestEigenvalueOptions {
  /**
   * Where the iteration starts, `[d]`, not zero: the last result's vector. Default: a seeded one, from
   * which a few rounds are taken in any case unless the norm shows that the start has led to the top.
   */
  readonly start?: tf.Tensor1D;
  /** Rounds at most. Default 100. */
  readonly iterations?: number;
  /** Relative change of the value that ends the iteration. Default 1e-6. */
  readonly tolerance?: number;
}

export interface LargestEigenvalue {
  /** Scalar; 0 where the matrix is not finite. */
  readonly value: tf.Scalar;
  /** Unit vector `[d]`; the start where the matrix is not finite. */
  readonly vector: tf.Tensor1D;
  /** int32 scalar: rounds taken from the start that led here. */
  readonly rounds: tf.Scalar;
}

/**
 * The largest eigenvalue of a symmetric positive semi-definite S `[d, d]`, by power iteration with
 * Rayleigh quotients; it ends by itself without a value being read back. 2d² FLOPs per round.
 */
export function largestEigenvalue(
  matrix: tf.Tensor2D,
  options: LargestEigenvalueOptions = {},
): LargestEigenvalue {
  const { start, iterations = 100, tolerance = 1e-6 } = options;
  const d = squareOrder(matrix, "largestEigenvalue");
  if (start) requireShape(start, [d], "largestEigenvalue: start");
  return tf.tidy(() => {
    const inputs = { matrix, ...(start && { start }) };
    const options = { iterations, tolerance };
    const [value, vector, rounds] = runCustomKernel(LARGEST_EIGENVALUE, inputs, options);
    return {
      value: value as tf.Scalar,
      vector: vector as tf.Tensor1D,
      rounds: rounds as tf.Scalar,
    };
  });
}

export interface InverseRootOptions extends PrecisionOption {
  /** ρ ≥ 0, relative to the largest eigenvalue. A plain number: the graph is made for it. */
  readonly ridge: number;
  /** λmax, a scalar tensor; default: `largestEigenvalue(matrix)`. 10% too small does no harm. */
  readonly largest?: tf.Tensor;
  /** What to return when no ridge works, `[d, d]`; the identity without it. */
  readonly previous?: tf.Tensor2D;
}

export interface InverseRoot {
  /** X, `[d, d]`, always finite. */
  readonly root: tf.Tensor2D;
  /**
   * int32 scalar: 0 where ρ worked, k = 1 to 6 where the k-th larger ridge did, 7 where none did
   * and `root` is the previous one.
   */
  readonly retries: tf.Scalar;
  /** Scalar: `‖Xᵖ(S + ρλmax I)v − v‖/‖v‖` over four fixed probe vectors; 1 where retries is 7. */
  readonly residual: tf.Scalar;
}

/**
 * `X = (S + ρ·λmax(S)·I)^(−1/p)` for a symmetric positive semi-definite S `[d, d]` and an integer
 * p ≥ 2.
 *
 * A root counts as failed where S + ρλmax I is not positive definite or the residual exceeds 0.1
 * (float32) or 1e-3 (float64); then ρ becomes `max(10 ρ, 1e-7)`, up to six times. Relative error:
 * 1e-7 in float64; in float32 about 1e-9 times the condition number (at most (1 + ρ)/ρ), which
 * leaves ρ below 1e-7 to float64.
 *
 * Costs as many inverses as the ridge asks for, d³ FLOPs each: 7 at ρ = 1e-3, 8 at 1e-6 (float64: 8
 * and 14).
 */
export function inverseRoot(
  matrix: tf.Tensor2D,
  p: number,
  options: InverseRootOptions,
): InverseRoot {
  const { ridge, previous, precision = "float32" } = options;
  const d = squareOrder(matrix, "inverseRoot");
  requireRoot(p, ridge, "inverseRoot");
  if (previous) requireShape(previous, [d, d], "inverseRoot: previous");
  return tf.tidy(() => {
    const largest = largestOf(matrix, options, "inverseRoot");
    const inputs = { matrix, largest, ...(previous && { previous }) };
    const outputs = runCustomKernel(INVERSE_ROOT, inputs, { p, ridge, precision });
    const [root, retries, residual] = outputs;
    return {
      root: root as tf.Tensor2D,
      retries: retries as tf.Scalar,
      residual: residual as tf.Scalar,
    };
  });
}

export interface InverseRootProduct {
  /** `[m, d]`, finite where the rows are. */
  readonly product: tf.Tensor2D;
  /** As of `InverseRoot`; 7 where no ridge worked and `product` is the rows. */
  readonly retries: tf.Scalar;
}

/**
 * `B X` of rows B `[m, d]` and the X of `inverseRoot`, which is not formed: for few rows less than half
 * of what it takes. A ridge counts as failed where S + ρλmax I is not positive definite or the system of
 * a fraction has, for one of four fixed probe vectors, a relative residual above what `inverseRoot`
 * allows its root. Relative error a half to nine tenths of the root's; so at a ridge near the limit of
 * float32 it may stand where the root would take a larger one. d³/3 + 2d²m FLOPs per fraction.
 */
export function inverseRootProduct(
  rows: tf.Tensor2D,
  matrix: tf.Tensor2D,
  p: number,
  { largest, ...options }: Omit<InverseRootOptions, "previous">,
): InverseRootProduct {
  const only = { rows, matrix, p, ...(largest && { largest }) };
  return inverseRootProducts([only], options)[0] as InverseRootProduct;
}

/** One of several products. */
export interface RootProductOf extends Pick<InverseRootOptions, "largest"> {
  readonly rows: tf.Tensor2D;
  readonly matrix: tf.Tensor2D;
  readonly p: number;
}

/**
 * No fewer than a product has fractions at the usual ridges (9 in float32, 14 in float64): so that it
 * factors them all at once, as it does alone.
 */
const FRACTIONS = 16;

/**
 * `inverseRootProduct` of several rows and matrices. Those of one order and p are made together, which takes
 * some 5% less time than one by one at order 512; other orders beside them take that back.
 */
export function inverseRootProducts(
  products: readonly RootProductOf[],
  options: Pick<InverseRootOptions, "ridge" | "precision">,
): InverseRootProduct[] {
  const made = new Map<RootProductOf, InverseRootProduct>();
  const kinds = new Map<string, RootProductOf[]>();
  for (const product of products) {
    requireRoot(product.p, options.ridge, "inverseRootProduct");
    const kind = `${squareOrder(product.matrix, "inverseRootProduct")} ${product.p}`;
    kinds.set(kind, [...(kinds.get(kind) ?? []), product]);
  }
  for (const alike of kinds.values()) {
    for (const group of groupsOf(alike, FRACTIONS)) {
      const results = productsTogether(group, options);
      for (const [i, result] of results.entries()) made.set(group[i] as RootProductOf, result);
    }
  }
  return products.map((product) => made.get(product) as InverseRootProduct);
}

/** @param products of one p */
function productsTogether(
  products: readonly RootProductOf[],
  { ridge, precision = "float32" }: Pick<InverseRootOptions, "ridge" | "precision">,
): InverseRootProduct[] {
  const [{ p }] = products as [RootProductOf];
  return tf.tidy(() => {
    const inputs = products.flatMap(({ rows, matrix, ...options }) => {
      requireShape(rows, [rows.shape[0], matrix.shape[0]], "inverseRootProduct: rows");
      return [matrix, largestOf(matrix, options, "inverseRootProduct"), rows];
    });
    const outputs = runCustomKernel(INVERSE_ROOT_PRODUCT, inputs, { p, ridge, precision });
    const retries = tf.unstack(outputs.at(-1) as tf.Tensor);
    return products.map((_, i) => ({
      product: outputs[i] as tf.Tensor2D,
      retries: retries[i] as tf.Scalar,
    }));
  });
}

function requireRoot(p: number, ridge: number, caller: string): void {
  if (!Number.isInteger(p) || p < 2) {
    throw new Error(`${caller}: p must be an integer of at least 2; got ${p}.`);
  }
  if (!(ridge >= 0 && ridge < Number.POSITIVE_INFINITY)) {
    throw new Error(`${caller}: ridge must be finite and at least 0; got ${ridge}.`);
  }
}

function largestOf(
  matrix: tf.Tensor2D,
  options: Pick<InverseRootOptions, "largest">,
  caller: string,
): tf.Tensor {
  const largest = options.largest ?? largestEigenvalue(matrix).value;
  requireShape(largest, [], `${caller}: largest`);
  return largest;
}
