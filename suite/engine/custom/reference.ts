/**
 * @file The custom kernels in float64 JavaScript: reads the inputs' values, computes, writes.
 * Whatever `precision` asks for, the arithmetic is float64: this is the oracle.
 */
import * as tf from "@tensorflow/tfjs-core";
import { choleskyFactor, fitsFloat32, spdInverse } from "./dense/cholesky.ts";
import { PANEL, panelCount, reducedEigen, symmetricEigen } from "./dense/eigen.ts";
import { inverseRootOf, powerIteration } from "./dense/inverse-root.ts";
import { qrFactors } from "./dense/qr.ts";
import { solveTriangular, type TriangularForm } from "./dense/triangular.ts";
import {
  CHOLESKY,
  INVERSE_ROOT,
  INVERSE_ROOT_PRODUCT,
  LARGEST_EIGENVALUE,
  type PowerIteration,
  PROBES,
  probeAngle,
  QR,
  REDUCED_EIGEN,
  RETRY_FLOOR,
  rootProductsOf,
  SPD_INVERSE,
  SPD_SOLVE,
  SYMMETRIC_EIGEN,
  type SystemInputs,
  systemsOf,
  TRIANGULAR_SOLVE,
} from "./kernels.ts";
import { retried } from "./retry.ts";

/** What a kernel sees of its inputs, and how it makes its outputs. */
interface Call {
  readonly names: readonly string[];
  shape(name: string): number[];
  /** The values of an input; null where it was not given. */
  read(name: string): Float32Array | null;
  readonly attributes: tf.NamedAttrMap;
}

interface Output {
  readonly shape: number[];
  readonly values: Float32Array | Int32Array | Uint8Array;
}

const KERNELS: Record<string, (call: Call) => Output[]> = {
  [SPD_INVERSE]: (call) => {
    const shape = call.shape("matrix");
    const n = shape.at(-1) as number;
    const matrices = Float64Array.from(call.read("matrix") as Float32Array);
    const previous = call.read("previous");
    const inverses = new Float32Array(matrices.length);
    const retries = Int32Array.from(call.read("damping") as Float32Array, (damping, i) => {
      const [from, to] = [i * n * n, (i + 1) * n * n];
      const matrix = matrices.subarray(from, to);
      const { result, retries } = damped(matrix, n, damping, (a) => spdInverse(a, n));
      inverses.set(result ?? previous?.subarray(from, to) ?? identity(n, n), from);
      return retries;
    });
    return [
      { shape, values: inverses },
      { shape: shape.slice(0, -2), values: retries },
    ];
  },

  [SPD_SOLVE]: (call) => {
    const solved = systemsOf(call.names).map((names) => solveSystem(call, names));
    const retries = Int32Array.from(solved, ({ retries }) => retries);
    return [...solved.map(({ solution }) => solution), { shape: [solved.length], values: retries }];
  },

  [CHOLESKY]: (call) => {
    const { matrix, n } = square(call);
    const factor = choleskyFactor(matrix, n);
    return [float([n, n], factor ?? identity(n, n)), flag(factor !== null)];
  },

  [TRIANGULAR_SOLVE]: (call) => {
    const { matrix, n } = square(call, "triangular");
    const shape = call.shape("rhs");
    const form = call.attributes as unknown as TriangularForm;
    const columns = (form.side === "left" ? shape[1] : shape[0]) as number;
    const rhs = call.read("rhs") as Float32Array;
    const solution = solveTriangular(matrix, n, rhs, columns, form);
    return [float(shape, solution ?? new Float64Array(rhs.length)), flag(solution !== null)];
  },

  [QR]: (call) => {
    const [m, n] = call.shape("matrix") as [number, number];
    const factors = qrFactors(call.read("matrix") as Float32Array, m, n);
    return [
      float([m, n], factors?.q ?? identity(m, n)),
      float([n, n], factors?.r ?? new Float64Array(n * n)),
      flag(factors !== null),
    ];
  },

  [LARGEST_EIGENVALUE]: (call) => {
    const { matrix, n } = square(call);
    const options = call.attributes as unknown as PowerIteration;
    const { value, vector, rounds } = powerIteration(matrix, n, call.read("start"), options);
    return [float([], [value]), float([n], vector), integer(rounds)];
  },

  [INVERSE_ROOT]: (call) => {
    const { matrix, n, p, shift, result, retries } = inverseRoot(call, "matrix", "largest");
    const residual = result ? residualOf(result, matrix, n, p, shift) : 1;
    return [float([n, n], result ?? kept(call, n)), integer(retries), float([], [residual])];
  },

  [INVERSE_ROOT_PRODUCT]: (call) => {
    const made = rootProductsOf(call.names).map((names) => {
      const { n, result, retries } = inverseRoot(call, names.matrix, names.largest);
      const rows = call.read(names.rows) as Float32Array;
      const product = result && timesSymmetric(rows, result, n);
      return { product: float(call.shape(names.rows), product ?? rows), retries };
    });
    const retries = Int32Array.from(made, ({ retries }) => retries);
    return [...made.map(({ product }) => product), { shape: [made.length], values: retries }];
  },

  [REDUCED_EIGEN]: (call) => {
    const { matrix, n } = square(call);
    const eigen = reducedEigen(matrix, n);
    const panels = panelCount(n);
    return [
      float([n], eigen?.values ?? new Float64Array(n)),
      float([n, n], eigen?.vectors ?? identity(n, n)),
      float([n, n], eigen?.reflectors ?? new Float64Array(n * n)),
      float([panels, PANEL, PANEL], eigen?.factors ?? new Float64Array(panels * PANEL * PANEL)),
      flag(eigen !== null),
    ];
  },

  [SYMMETRIC_EIGEN]: (call) => {
    const { matrix, n } = square(call);
    const eigen = symmetricEigen(matrix, n);
    return [
      float([n], eigen?.values ?? new Float64Array(n)),
      float([n, n], eigen?.vectors ?? identity(n, n)),
      flag(eigen !== null),
    ];
  },
};

/** Registers those kernels that a backend, whose values JavaScript can read in place, lacks. */
export function registerReferenceKernels(backendName: string): void {
  for (const [kernelName, kernel] of Object.entries(KERNELS)) {
    if (tf.getKernel(kernelName, backendName)) continue;
    tf.registerKernel({
      kernelName,
      backendName,
      kernelFunc: ({ inputs, attrs, backend }) => {
        const { readSync, write } = bound(backend as tf.KernelBackend);
        const outputs = kernel({
          names: Object.keys(inputs),
          shape: (name) => (inputs[name] as tf.TensorInfo).shape,
          read: (name) => (inputs[name] ? (readSync(inputs[name]) as Float32Array) : null),
          attributes: attrs ?? {},
        });
        return outputs.map(write);
      },
    });
  }
}

function bound(backend: tf.KernelBackend) {
  return {
    readSync: (info: tf.TensorInfo) => backend.readSync(info.dataId),
    write: ({ shape, values }: Output): tf.TensorInfo => {
      const dtype = dtypeOf(values);
      return { dataId: backend.write(values, shape, dtype) as tf.DataId, shape, dtype };
    },
  };
}

function dtypeOf(values: Output["values"]): "float32" | "int32" | "bool" {
  if (values instanceof Float32Array) return "float32";
  return values instanceof Int32Array ? "int32" : "bool";
}

/** Attempts with `S + λI`. */
function damped(
  matrix: Float64Array,
  n: number,
  damping: number,
  attempt: (a: Float64Array) => Float64Array | null,
) {
  let trace = 0;
  for (let i = 0; i < n; i++) trace += matrix[i * n + i] as number;
  return retried(damping, (RETRY_FLOOR * trace) / n, (lambda) => {
    const shifted = matrix.slice();
    for (let i = 0; i < n; i++) shifted[i * n + i] = (shifted[i * n + i] as number) + lambda;
    return attempt(shifted);
  });
}

function solveSystem(call: Call, names: SystemInputs<string>) {
  const { matrix, n } = square(call, names.matrix);
  const shape = call.shape(names.rhs);
  const rhs = call.read(names.rhs) as Float32Array;
  const damping = call.read(names.damping)?.[0] as number;
  const { result, retries } = damped(matrix, n, damping, (a) => {
    const l = choleskyFactor(a, n);
    const through = (x: ArrayLike<number>, transpose: boolean) =>
      l && solveTriangular(l, n, x, shape[1] as number, { lower: true, transpose, side: "left" });
    const half = through(rhs, false);
    return half && through(half, true);
  });
  return { solution: float(shape, result ?? rhs), retries };
}

function inverseRoot(call: Call, name: string, largestName: string) {
  const { matrix, n } = square(call, name);
  const { p, ridge } = call.attributes as { p: number; ridge: number };
  const largest = call.read(largestName)?.[0] ?? 0;
  const eigen = symmetricEigen(matrix, n);
  let shift = 0;
  const { result, retries } = retried(ridge, RETRY_FLOOR, (rho) => {
    shift = rho * largest;
    const root = eigen && inverseRootOf(eigen, p, shift);
    return root?.every(fitsFloat32) ? root : null;
  });
  return { matrix, n, p, shift, result, retries };
}

/** Rows `[m, n]` times a symmetric matrix. */
function timesSymmetric(rows: Float32Array, a: Float64Array, n: number): Float64Array {
  const product = new Float64Array(rows.length);
  for (let from = 0; from < rows.length; from += n) {
    product.set(timesVector(a, Float64Array.from(rows.subarray(from, from + n))), from);
  }
  return product;
}

/** `‖Xᵖ(S + shift·I)V − V‖/‖V‖` over the probe vectors V. */
function residualOf(
  root: Float64Array,
  s: Float64Array,
  n: number,
  p: number,
  shift: number,
): number {
  let [error, size] = [0, 0];
  for (let probe = 0; probe < PROBES; probe++) {
    const v = Float64Array.from({ length: n }, (_, i) =>
      Math.sin(probeAngle(probe) * (i + 1) * (i + 1)),
    );
    let image: Float64Array = timesVector(s, v).map((value, i) => value + shift * (v[i] as number));
    for (let k = 0; k < p; k++) image = timesVector(root, image);
    for (let i = 0; i < n; i++) {
      error += ((image[i] as number) - (v[i] as number)) ** 2;
      size += (v[i] as number) ** 2;
    }
  }
  return Math.sqrt(error / size);
}

function timesVector(a: Float64Array, v: Float64Array): Float64Array {
  const n = v.length;
  return v.map((_, i) => {
    let sum = 0;
    for (let j = 0; j < n; j++) sum += (a[i * n + j] as number) * (v[j] as number);
    return sum;
  });
}

function square(call: Call, name = "matrix"): { matrix: Float64Array; n: number } {
  const matrix = Float64Array.from(call.read(name) as Float32Array);
  return { matrix, n: call.shape(name)[0] as number };
}

function kept(call: Call, n: number): ArrayLike<number> {
  return call.read("previous") ?? identity(n, n);
}

function identity(rows: number, columns: number): Float64Array {
  const eye = new Float64Array(rows * columns);
  for (let i = 0; i < columns; i++) eye[i * columns + i] = 1;
  return eye;
}

const float = (shape: number[], values: ArrayLike<number>): Output => ({
  shape,
  values: Float32Array.from(values),
});
const integer = (value: number): Output => ({ shape: [], values: Int32Array.of(value) });
const flag = (value: boolean): Output => ({ shape: [], values: Uint8Array.of(value ? 1 : 0) });
