/**
 * @file The custom kernels on tfjs's `wasm` backend, where the site trains: Cholesky by recursive
 * blocks (see onnx/cholesky.ts), products on the backend, leaves in float64 JavaScript. What asks
 * for float64, and what is rare there, is JavaScript altogether.
 *
 * The backend's BatchMatMul should be one that is fast with transposed operands.
 */
import * as tf from "@tensorflow/tfjs-core";
import { choleskyFactor, invertLower } from "./dense/cholesky.ts";
import { type EagerKernel, eagerKernels, registerEagerKernels } from "./eager.ts";
import { registerReferenceKernels } from "./reference.ts";

const LEAF = 64;

/** Registers all custom kernels on a backend whose values JavaScript can read at once. */
export function registerWasmKernels(backendName = "wasm"): void {
  registerReferenceKernels(backendName);
  const kernels = Object.entries(eagerKernels(inverseFactor)).map(([name, kernel]) => {
    const inJavaScript = tf.getKernel(name, backendName).kernelFunc;
    const either: EagerKernel = (inputs, attributes) => {
      if (attributes.precision !== "float64") return kernel(inputs, attributes);
      const outputs = inJavaScript({ inputs, attrs: attributes, backend: tf.backend() });
      return (outputs as tf.TensorInfo[]).map((info) => tf.engine().makeTensorFromTensorInfo(info));
    };
    return [name, either] as const;
  });
  registerEagerKernels(backendName, Object.fromEntries(kernels));
}

/** L⁻¹ of `L Lᵀ = A`, dense with zeros above the diagonal; null where A is not positive definite. */
function inverseFactor(matrix: tf.Tensor2D): tf.Tensor2D | null {
  const n = matrix.shape[0];
  if (n <= LEAF) return leaf(matrix, n);
  const h = Math.ceil(n / 2);
  const first = inverseFactor(tf.slice(matrix, [0, 0], [h, h]));
  if (first === null) return null;
  const l21 = tf.matMul(tf.slice(matrix, [h, 0], [n - h, h]), first, false, true);
  const rest = tf.slice(matrix, [h, h], [n - h, n - h]);
  const second = inverseFactor(tf.sub(rest, tf.matMul(l21, l21, false, true)));
  if (second === null) return null;
  const m21 = tf.neg(tf.matMul(second, tf.matMul(l21, first)));
  const top = tf.pad(first, [
    [0, 0],
    [0, n - h],
  ]);
  return tf.concat([top, tf.concat([m21, second], 1)], 0) as tf.Tensor2D;
}

function leaf(matrix: tf.Tensor2D, n: number): tf.Tensor2D | null {
  const l = choleskyFactor(matrix.dataSync(), n);
  return l && tf.tensor2d(Float32Array.from(invertLower(l, n)), [n, n]);
}
