/**
 * @file The custom kernels in float64 JavaScript: reads the inputs' values, computes, writes.
 * Whatever `precision` asks for, the arithmetic is float64: this is the oracle.
 */
import * as tf from "@tensorflow/tfjs-core";
import { spdInverse, symmetrized } from "./dense/cholesky.ts";
import { KEPT_PREVIOUS, MAX_RETRIES, RETRY_FLOOR, SPD_INVERSE } from "./kernels.ts";

type Inputs = tf.NamedTensorInfoMap;
type Kernel = (inputs: Inputs, backend: tf.KernelBackend) => tf.TensorInfo[];

const KERNELS: Record<string, Kernel> = {
  [SPD_INVERSE]: ({ matrix, damping, previous }, backend) => {
    const d = order(matrix);
    const symmetric = symmetrized(values(backend, matrix), d);
    const { inverse, retries } = retriedInverse(symmetric, d, values(backend, damping)[0] ?? 0);
    const kept = previous ? values(backend, previous) : identity(d);
    return [
      write(backend, [d, d], Float32Array.from(inverse ?? kept)),
      write(backend, [], Int32Array.of(retries)),
    ];
  },
};

/** Registers the kernels for a backend whose values JavaScript can read in place. */
export function registerReferenceKernels(backendName: string): void {
  for (const [kernelName, kernel] of Object.entries(KERNELS)) {
    if (tf.getKernel(kernelName, backendName)) continue;
    tf.registerKernel({
      kernelName,
      backendName,
      kernelFunc: ({ inputs, backend }) => kernel(inputs, backend as tf.KernelBackend),
    });
  }
}

/**
 * `(S + λI)⁻¹`; where S + λI is not positive definite, λ grows by `λ ← max(10 λ, 1e-7·tr(S)/d)` up
 * to six times.
 */
function retriedInverse(
  s: Float64Array,
  d: number,
  damping: number,
): { inverse: Float64Array | null; retries: number } {
  let trace = 0;
  for (let i = 0; i < d; i++) trace += s[i * d + i] as number;
  let lambda = damping;
  for (let retries = 0; retries <= MAX_RETRIES; retries++) {
    const damped = s.slice();
    for (let i = 0; i < d; i++) damped[i * d + i] = (s[i * d + i] as number) + lambda;
    const inverse = spdInverse(damped, d);
    if (inverse) return { inverse, retries };
    lambda = Math.max(10 * lambda, (RETRY_FLOOR * trace) / d);
  }
  return { inverse: null, retries: KEPT_PREVIOUS };
}

function identity(d: number): Float32Array {
  const eye = new Float32Array(d * d);
  for (let i = 0; i < d; i++) eye[i * d + i] = 1;
  return eye;
}

function order(matrix: tf.TensorInfo | undefined): number {
  return matrix?.shape[0] ?? 0;
}

function values(backend: tf.KernelBackend, info: tf.TensorInfo | undefined): Float32Array {
  return backend.readSync((info as tf.TensorInfo).dataId) as Float32Array;
}

function write(
  backend: tf.KernelBackend,
  shape: number[],
  data: Float32Array | Int32Array,
): tf.TensorInfo {
  const dtype = data instanceof Int32Array ? "int32" : "float32";
  return { dataId: backend.write(data, shape, dtype) as tf.DataId, shape, dtype };
}
