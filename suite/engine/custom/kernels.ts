/**
 * @file The kernels that tfjs lacks: their names, inputs, attributes and outputs, which every
 * backend's registration follows. Failure is a value among the outputs, never NaN that spreads.
 *
 * | kernel | inputs | outputs |
 * | --- | --- | --- |
 * | SpdInverse | matrix [d, d], damping [], previous [d, d]? | inverse [d, d], retries int32 [] |
 * | SpdSolve | for each of k systems: matrix [d, d], damping [], rhs [d, m] | k solutions [d, m], retries int32 [k] |
 * | Cholesky | matrix [d, d] | factor [d, d], ok bool [] |
 * | TriangularSolve | triangular [d, d], rhs [d, m] or [m, d] | solution like rhs, ok bool [] |
 * | QR | matrix [m, n], m ≥ n | q [m, n], r [n, n], ok bool [] |
 * | LargestEigenvalue | matrix [d, d], start [d]? | value [], vector [d], rounds int32 [] |
 * | InverseRoot | matrix [d, d], largest [], previous [d, d]? | root [d, d], retries int32 [], residual [] |
 * | InverseRootProduct | for each of k products: matrix [d, d], largest [], rows [m, d] | k products [m, d], retries int32 [k] |
 * | SymmetricEigen | matrix [d, d] | values [d], vectors [d, d], ok bool [] |
 *
 * SpdSolve's and InverseRootProduct's inputs are a list, in this order; orders, columns and rows may differ.
 * SpdInverse also takes a stack: matrix [k, d, d], damping [k], previous [k, d, d]?, retries [k].
 * Square matrices but TriangularSolve's are symmetric; what stands above the diagonal may or may
 * not be read. Where `ok` is false: factor and q are the identity, r, solution and values zero. Where
 * a system fails, its solution is rhs; where InverseRootProduct does, the product is rows.
 */
import * as tf from "@tensorflow/tfjs-core";

/** In which arithmetic a kernel works inside; tensors themselves are always float32. */
export type Precision = "float32" | "float64";

/** attributes: precision */
export const SPD_INVERSE = "SpdInverse";
/** attributes: precision */
export const SPD_SOLVE = "SpdSolve";
/** attributes: precision */
export const CHOLESKY = "Cholesky";
/** attributes: lower, transpose, side */
export const TRIANGULAR_SOLVE = "TriangularSolve";
/** attributes: precision */
export const QR = "QR";
/** attributes: PowerIteration */
export const LARGEST_EIGENVALUE = "LargestEigenvalue";

export interface PowerIteration {
  /** Rounds at most. */
  readonly iterations: number;
  /** Ends when the Rayleigh quotient changes by less than this, relative to itself. */
  readonly tolerance: number;
}

/**
 * LargestEigenvalue iterates from `start`, or from `seededVector`. Where a start is near an eigenvector that
 * is not the top one, as another matrix's may be, the value seems to stand still: so OTHER_ROUNDS from
 * `seededVector` follow, and it goes on there where they find a value larger by OTHER_EXCESS. Not where the
 * norm excludes it: two eigenvalues of λ or more make `‖S‖² ≥ 2λ²`.
 */
export const OTHER_ROUNDS = 12;
/** Relative: well above what is left where an iteration ends; a ridge that is smaller by less does no harm. */
export const OTHER_EXCESS = 0.01;

/** A fixed vector of pseudo-random signs and sizes, the same in every run. */
export function seededVector(d: number): Float32Array {
  let state = 0x9e3779b9;
  return Float32Array.from({ length: d }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

/** attributes: p, ridge, precision */
export const INVERSE_ROOT = "InverseRoot";
/** attributes: p, ridge, precision */
export const INVERSE_ROOT_PRODUCT = "InverseRootProduct";
/** no attributes: always in float64 */
export const SYMMETRIC_EIGEN = "SymmetricEigen";

/**
 * SymmetricEigen but for its last step: matrix [d, d] → values [d], vectors [d, d], reflectors
 * [d, d], factors [panels, 32, 32], ok bool []. For backends that multiply faster than JavaScript.
 */
export const REDUCED_EIGEN = "ReducedEigen";

/** `retries`: dampings (ridges) tried after the first, or KEPT_PREVIOUS. */
export const MAX_RETRIES = 6;
/** None of them worked: the result is the previous one, or the identity without one. */
export const KEPT_PREVIOUS = MAX_RETRIES + 1;
/**
 * Smallest damping of a retry, relative to the mean eigenvalue tr(S)/d; smallest ridge of a retry,
 * relative to the largest eigenvalue as ridges are.
 */
export const RETRY_FLOOR = 1e-7;

/** A root whose residual `‖XᵖSv − v‖/‖v‖` is larger counts as failed. */
export const ROOT_TOLERANCE: Readonly<Record<Precision, number>> = {
  // Rounding alone leaves about 1e-7 times the condition number.
  float32: 0.1,
  float64: 1e-3,
};

/** Vectors with which a root's residual is measured: `sin(angle·i²)`, i = 1, 2, ... */
export const PROBES = 4;
export function probeAngle(probe: number): number {
  return 12.9898 + 4.1414 * probe;
}

/** One of SpdSolve's systems, as its inputs name it. */
export interface SystemInputs<T> {
  readonly matrix: T;
  readonly damping: T;
  readonly rhs: T;
}

/** The systems of SpdSolve's inputs. */
export function systemsOf<T>(inputs: readonly T[]): SystemInputs<T>[] {
  return inThrees(inputs, (matrix, damping, rhs) => ({ matrix, damping, rhs }));
}

/** One of InverseRootProduct's products, as its inputs name it. */
export interface RootProductInputs<T> {
  readonly matrix: T;
  readonly largest: T;
  readonly rows: T;
}

/** The products of InverseRootProduct's inputs. */
export function rootProductsOf<T>(inputs: readonly T[]): RootProductInputs<T>[] {
  return inThrees(inputs, (matrix, largest, rows) => ({ matrix, largest, rows }));
}

function inThrees<T, R>(inputs: readonly T[], of: (a: T, b: T, c: T) => R): R[] {
  return Array.from({ length: inputs.length / 3 }, (_, i) => {
    return of(...(inputs.slice(3 * i, 3 * i + 3) as [T, T, T]));
  });
}

/** Runs a kernel of this file on the current backend. */
export function runCustomKernel(
  name: string,
  inputs: Record<string, tf.Tensor> | readonly tf.Tensor[],
  attributes: Record<string, string | number | boolean>,
): tf.Tensor[] {
  const outputs = tf.engine().runKernel(name, inputs as tf.NamedTensorMap, attributes) as
    | tf.Tensor
    | tf.Tensor[];
  return Array.isArray(outputs) ? outputs : [outputs];
}
