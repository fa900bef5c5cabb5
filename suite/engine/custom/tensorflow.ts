/**
 * @file The custom kernels on the backend `tensorflow`, by TensorFlow's own operations. Its eager
 * operations hand out float32 only, so that float64 is had where one operation does the whole work:
 * eigenvectors (normwise as good), QR.
 */
import * as tf from "@tensorflow/tfjs-core";
import { tensorflowOp } from "../tensorflow-op.ts";
import type { TriangularForm } from "./dense/triangular.ts";
import {
  type EagerKernel,
  eagerKernels,
  finite,
  overStack,
  overSystems,
  registerEagerKernels,
  rootProducts,
} from "./eager.ts";
import {
  CHOLESKY,
  INVERSE_ROOT,
  INVERSE_ROOT_PRODUCT,
  type Precision,
  QR,
  RETRY_FLOOR,
  SPD_INVERSE,
  SPD_SOLVE,
  SYMMETRIC_EIGEN,
  TRIANGULAR_SOLVE,
} from "./kernels.ts";
import { retried } from "./retry.ts";

/** Registers all custom kernels. Call it once the backend `tensorflow` is loaded. */
export function registerTensorflowKernels(backendName = "tensorflow"): void {
  const single = eagerKernels(inverseFactor);
  const root = byPrecision(single[INVERSE_ROOT] as EagerKernel, rootByEigenvectors);
  registerEagerKernels(backendName, {
    ...single,
    [SPD_INVERSE]: byPrecision(
      single[SPD_INVERSE] as EagerKernel,
      overStack(inverseByEigenvectors),
    ),
    [SPD_SOLVE]: byPrecision(single[SPD_SOLVE] as EagerKernel, overSystems(solutionByEigenvectors)),
    [INVERSE_ROOT]: root,
    [INVERSE_ROOT_PRODUCT]: rootProducts(root),
    [CHOLESKY]: cholesky,
    [TRIANGULAR_SOLVE]: triangularSolve,
    [QR]: qr,
    [SYMMETRIC_EIGEN]: symmetricEigen,
  });
}

function byPrecision(single: EagerKernel, double: EagerKernel): EagerKernel {
  return (inputs, attributes) =>
    (attributes.precision === "float64" ? double : single)(inputs, attributes);
}

function inverseFactor(matrix: tf.Tensor2D): tf.Tensor2D | null {
  const [l] = tensorflowOp("Cholesky", {}, [matrix], 1) as [tf.Tensor2D];
  return finite(l) && solve(l, tf.eye(matrix.shape[0]), { lower: true, adjoint: false });
}

/** `op(T)⁻¹ B`; null where T is singular. */
function solve(
  triangular: tf.Tensor2D,
  rhs: tf.Tensor2D,
  form: { lower: boolean; adjoint: boolean },
): tf.Tensor2D | null {
  try {
    const [x] = tensorflowOp("MatrixTriangularSolve", form, [triangular, rhs], 1);
    return finite(x as tf.Tensor2D);
  } catch {
    // TensorFlow throws for a zero on the diagonal.
    return null;
  }
}

const cholesky: EagerKernel = ({ matrix }, { precision }) => {
  const [l] = tensorflowOp("Cholesky", {}, [matrix as tf.Tensor], 1, precision as Precision);
  const factor = finite(l as tf.Tensor);
  const n = (matrix as tf.Tensor).shape[0] as number;
  return [factor ?? tf.eye(n), flag(factor !== null)];
};

const triangularSolve: EagerKernel = ({ triangular, rhs }, attributes) => {
  const { lower, transpose, side } = attributes as unknown as TriangularForm;
  const right = side === "right";
  const b = rhs as tf.Tensor2D;
  // X op(T) = B is op(T)ᵀ Xᵀ = Bᵀ.
  const form = { lower, adjoint: transpose !== right };
  const x = solve(triangular as tf.Tensor2D, right ? tf.transpose(b) : b, form);
  const solution = x && right ? tf.transpose(x) : x;
  return [solution ?? tf.zeros(b.shape), flag(x !== null)];
};

const qr: EagerKernel = ({ matrix }, { precision }) => {
  const a = matrix as tf.Tensor2D;
  const [m, n] = a.shape;
  if (finite(a) === null) return [tf.eye(m, n), tf.zeros([n, n]), flag(false)];
  const attributes = { full_matrices: false };
  const outputs = tensorflowOp("Qr", attributes, [a], 2, precision as Precision);
  const [q, r] = outputs as [tf.Tensor2D, tf.Tensor2D];
  const diagonal = tf.sum(tf.mul(r, tf.eye(n)), 1);
  const signs = tf.where(tf.less(diagonal, 0), tf.fill([n], -1), tf.ones([n]));
  return [tf.mul(q, signs), tf.mul(r, tf.reshape(signs, [n, 1])), flag(true)];
};

const symmetricEigen: EagerKernel = ({ matrix }) => {
  const s = matrix as tf.Tensor2D;
  const n = s.shape[0];
  const eigen = eigenvectors(s);
  if (eigen === null) return [tf.zeros([n]), tf.eye(n), flag(false)];
  const { values, vectors } = eigen;
  const rows = tf.argMax(tf.abs(vectors), 0) as tf.Tensor1D;
  const places = tf.add(tf.mul(rows, tf.scalar(n, "int32")), tf.range(0, n, 1, "int32"));
  const signs = tf.sign(tf.gather(tf.reshape(vectors, [n * n]), places as tf.Tensor1D));
  return [values, tf.mul(vectors, signs), flag(true)];
};

/** In float64 inside; null where the matrix is not finite. */
function eigenvectors(s: tf.Tensor2D): { values: tf.Tensor1D; vectors: tf.Tensor2D } | null {
  if (finite(s) === null) return null;
  const outputs = tensorflowOp("SelfAdjointEigV2", { compute_v: true }, [s], 2, "float64");
  const [values, vectors] = outputs as [tf.Tensor1D, tf.Tensor2D];
  return { values, vectors };
}

function dampedByEigenvectors(matrix: tf.Tensor | undefined, damping: tf.Tensor | undefined) {
  const eigen = eigenvectors(matrix as tf.Tensor2D);
  const mean = eigen ? (tf.mean(eigen.values).dataSync()[0] as number) : 0;
  const first = damping?.dataSync()[0] as number;
  return retried(first, RETRY_FLOOR * mean, (lambda) => powerOf(eigen, lambda, 1));
}

const inverseByEigenvectors: EagerKernel = ({ matrix, damping, previous }) => {
  const { result, retries } = dampedByEigenvectors(matrix, damping);
  const kept = result ?? previous ?? tf.eye(matrix?.shape[0] as number);
  return [tf.clone(kept), tf.scalar(retries, "int32")];
};

const solutionByEigenvectors: EagerKernel = ({ matrix, damping, rhs }) => {
  const { result, retries } = dampedByEigenvectors(matrix, damping);
  const solution = result ? tf.matMul(result, rhs as tf.Tensor2D) : tf.clone(rhs as tf.Tensor2D);
  return [solution, tf.scalar(retries, "int32")];
};

const rootByEigenvectors: EagerKernel = ({ matrix, largest, previous }, attributes) => {
  const { p, ridge } = attributes as { p: number; ridge: number };
  const s = matrix as tf.Tensor2D;
  const eigen = eigenvectors(s);
  const top = (largest as tf.Tensor).dataSync()[0] as number;
  const { result, retries } = retried(ridge, RETRY_FLOOR, (rho) => powerOf(eigen, rho * top, p));
  return [
    tf.clone(result ?? previous ?? tf.eye(s.shape[0])),
    tf.scalar(retries, "int32"),
    // Eigenvectors certify themselves.
    tf.scalar(result ? 0 : 1),
  ];
};

/** `V (Λ + shift)^(−1/p) Vᵀ`; null unless all of Λ + shift is positive. */
function powerOf(
  eigen: { values: tf.Tensor1D; vectors: tf.Tensor2D } | null,
  shift: number,
  p: number,
): tf.Tensor2D | null {
  if (eigen === null) return null;
  const { values, vectors } = eigen;
  // In JavaScript's float64: the shift may be far below float32 rounding of the values.
  const powers = Array.from(values.dataSync(), (value) => (value + shift) ** (-1 / p));
  if (!powers.every(Number.isFinite) || powers.some((power) => power <= 0)) return null;
  return finite(tf.matMul(tf.mul(vectors, tf.tensor1d(powers)), vectors, false, true));
}

function flag(value: boolean): tf.Tensor {
  return tf.scalar(value, "bool");
}
