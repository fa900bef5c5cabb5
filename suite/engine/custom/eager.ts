/**
 * @file The custom kernels in plain tfjs operations, for backends that compute at once: whether an
 * attempt worked is read back (one number per attempt), and the next follows only where it did not.
 */
import * as tf from "@tensorflow/tfjs-core";
import {
  INVERSE_ROOT,
  INVERSE_ROOT_PRODUCT,
  LARGEST_EIGENVALUE,
  OTHER_EXCESS,
  OTHER_ROUNDS,
  type PowerIteration,
  PROBES,
  probeAngle,
  RETRY_FLOOR,
  ROOT_TOLERANCE,
  rootProductsOf,
  SPD_INVERSE,
  SPD_SOLVE,
  seededVector,
  systemsOf,
} from "./kernels.ts";
import { type RootAttributes, rootFractions } from "./rational.ts";
import { retried } from "./retry.ts";

export type EagerKernel = (inputs: tf.NamedTensorMap, attributes: tf.NamedAttrMap) => tf.Tensor[];

/**
 * M with `M A Mᵀ = I` for a symmetric positive definite A `[n, n]`; null where A is not. Only the
 * lower triangle of A need be right.
 */
export type InverseFactor = (matrix: tf.Tensor2D) => tf.Tensor2D | null;

/** A kernel of one matrix as one of a stack as well. */
export function overStack(kernel: EagerKernel): EagerKernel {
  return (inputs, attributes) => {
    if (inputs.matrix?.rank === 2) return kernel(inputs, attributes);
    const names = Object.keys(inputs);
    const parts = names.map((name) => tf.unstack(inputs[name] as tf.Tensor));
    const results = (parts[0] as tf.Tensor[]).map((_, i) => {
      const one = names.map((name, j) => [name, parts[j]?.[i] as tf.Tensor] as const);
      return kernel(Object.fromEntries(one), attributes);
    });
    const outputs = results[0] as tf.Tensor[];
    return outputs.map((_, j) => tf.stack(results.map((result) => result[j] as tf.Tensor)));
  };
}

/** A kernel of one system as one of a list of systems. @param of names the inputs of each */
export function overSystems(
  kernel: EagerKernel,
  of: (inputs: readonly tf.Tensor[]) => readonly object[] = systemsOf,
): EagerKernel {
  return (inputs, attributes) => {
    const results = of(Object.values(inputs)).map((system) => {
      return kernel({ ...system }, attributes) as [tf.Tensor, tf.Tensor];
    });
    const retries = tf.stack(results.map(([, count]) => count));
    return [...results.map(([solution]) => solution), retries];
  };
}

/** Registers kernels that replace a backend's own of the same name. */
export function registerEagerKernels(
  backendName: string,
  kernels: Readonly<Record<string, EagerKernel>>,
): void {
  for (const [kernelName, kernel] of Object.entries(kernels)) {
    if (tf.getKernel(kernelName, backendName)) tf.unregisterKernel(kernelName, backendName);
    tf.registerKernel({
      kernelName,
      backendName,
      kernelFunc: ({ inputs, attrs }) =>
        tf.tidy(() => kernel(inputs as unknown as tf.NamedTensorMap, attrs ?? {})),
    });
  }
}

/** SpdInverse, SpdSolve, LargestEigenvalue, InverseRoot and products with it in float32 from one factorization. */
export function eagerKernels(factor: InverseFactor): Readonly<Record<string, EagerKernel>> {
  const root: EagerKernel = ({ matrix, largest, previous }, attributes) => {
    const wanted = attributes as unknown as RootAttributes;
    const s = matrix as tf.Tensor2D;
    const top = (largest as tf.Tensor).dataSync()[0] as number;
    let residual = 1;
    const { result, retries } = retried(wanted.ridge, RETRY_FLOOR, (rho) => {
      const x = sumOfInverses(s, top, rho, wanted, factor);
      residual = x ? residualOf(x, s, rho * top, wanted.p) : 1;
      return residual <= ROOT_TOLERANCE.float32 ? x : null;
    });
    const kept = result ?? previous ?? tf.eye(s.shape[0]);
    return [owned(kept), tf.scalar(retries, "int32"), tf.scalar(result ? residual : 1)];
  };
  return {
    [SPD_INVERSE]: overStack(({ matrix, damping, previous }) => {
      const { result, retries } = damped(matrix, damping, factor, (m) =>
        tf.matMul(m, m, true, false),
      );
      const kept = result ?? previous ?? tf.eye(matrix?.shape[0] as number);
      return [kept, tf.scalar(retries, "int32")].map(owned);
    }),

    [SPD_SOLVE]: overSystems(({ matrix, damping, rhs }) => {
      const { result, retries } = damped(matrix, damping, factor, (m) =>
        tf.matMul(m, tf.matMul(m, rhs as tf.Tensor2D), true, false),
      );
      return [result ?? (rhs as tf.Tensor), tf.scalar(retries, "int32")].map(owned);
    }),

    [LARGEST_EIGENVALUE]: ({ matrix, start }, attributes) => {
      const options = attributes as unknown as PowerIteration;
      const s = matrix as tf.Tensor2D;
      const seeded = tf.tensor1d(seededVector(s.shape[0]));
      let pair = iterate(s, start ?? seeded, options, () => true);
      if (start && !((tf.sum(tf.square(s)).dataSync()[0] as number) < 2 * pair.value ** 2)) {
        const bound = pair.value * (1 + OTHER_EXCESS);
        const second = iterate(s, seeded, options, (value, rounds) => {
          return rounds < OTHER_ROUNDS || value > bound;
        });
        if (second.value > bound) pair = second;
      }
      return [tf.scalar(pair.value), owned(pair.vector), tf.scalar(pair.rounds, "int32")];
    },

    [INVERSE_ROOT]: root,

    [INVERSE_ROOT_PRODUCT]: rootProducts(root),
  };
}

/** Power iteration from a vector `[n]`, as `dense/inverse-root.ts` has it. */
function iterate(
  matrix: tf.Tensor2D,
  start: tf.Tensor,
  { iterations, tolerance }: PowerIteration,
  goesOn: (value: number, rounds: number) => boolean,
): { readonly value: number; readonly vector: tf.Tensor; readonly rounds: number } {
  let vector = normalized(tf.reshape(start, [start.size, 1]));
  let value = 0;
  let rounds = 0;
  while (rounds < iterations) {
    rounds++;
    const image = tf.matMul(matrix, vector as tf.Tensor2D);
    const before = value;
    value = tf.sum(tf.mul(vector, image)).dataSync()[0] as number;
    if (!Number.isFinite(value)) return { value: 0, vector: start, rounds };
    vector = normalized(image);
    if (Math.abs(value - before) <= tolerance * Math.abs(value)) break;
    if (!goesOn(value, rounds)) break;
  }
  return { value, vector: tf.reshape(vector, [start.size]), rounds };
}

/** InverseRootProduct from what makes InverseRoot. */
export function rootProducts(root: EagerKernel): EagerKernel {
  return overSystems(({ matrix, largest, rows }, attributes) => {
    const inputs = { matrix: matrix as tf.Tensor, largest: largest as tf.Tensor };
    // Without a previous root a failure leaves the identity, and the product is `rows`.
    const [x, retries] = root(inputs, attributes) as [tf.Tensor2D, tf.Tensor];
    return [tf.matMul(rows as tf.Tensor2D, x), retries];
  }, rootProductsOf);
}

/** Attempts with M of `S + λI`. */
function damped(
  matrix: tf.Tensor | undefined,
  damping: tf.Tensor | undefined,
  factor: InverseFactor,
  attempt: (m: tf.Tensor2D) => tf.Tensor2D,
): { result: tf.Tensor2D | null; retries: number } {
  const s = matrix as tf.Tensor2D;
  const n = s.shape[0];
  const eye = tf.eye(n);
  const mean = tf.div(tf.sum(tf.mul(s, eye)), n).dataSync()[0] as number;
  const first = damping?.dataSync()[0] as number;
  return retried(first, RETRY_FLOOR * mean, (lambda) => {
    const m = factor(tf.add(s, tf.mul(eye, lambda)));
    return m && finite(attempt(m));
  });
}

/** The tensor itself where its sum is finite, else null. */
export function finite<T extends tf.Tensor>(x: T): T | null {
  return Number.isFinite(tf.sum(x).dataSync()[0]) ? x : null;
}

/** A tensor that the caller may return: never one of the inputs themselves. */
function owned(x: tf.Tensor): tf.Tensor {
  return tf.clone(x);
}

function normalized(x: tf.Tensor): tf.Tensor {
  const norm = tf.sqrt(tf.sum(tf.square(x)));
  return tf.where(tf.greater(norm, 0), tf.div(x, norm), x);
}

/** See onnx/inverse-root.ts for the formula. */
function sumOfInverses(
  s: tf.Tensor2D,
  top: number,
  rho: number,
  attributes: RootAttributes,
  factor: InverseFactor,
): tf.Tensor2D | null {
  const { constant, shifts, weights } = rootFractions(attributes);
  const scale = top * (1 + rho);
  const power = scale ** (-1 / attributes.p);
  const eye = tf.eye(s.shape[0]);
  let sum: tf.Tensor2D = tf.mul(eye, constant * power);
  for (const [j, shift] of shifts.entries()) {
    const weight = (weights[j] as number) * power;
    const offset = (shift + (rho * top) / scale) / weight;
    const m = factor(tf.add(tf.mul(s, 1 / (weight * scale)), tf.mul(eye, offset)));
    if (m === null) return null;
    sum = tf.add(sum, tf.matMul(m, m, true, false));
  }
  return finite(sum);
}

function residualOf(root: tf.Tensor2D, s: tf.Tensor2D, shift: number, p: number): number {
  const n = s.shape[0];
  const values = Float32Array.from({ length: n * PROBES }, (_, at) => {
    const i = Math.floor(at / PROBES) + 1;
    return Math.sin(probeAngle(at % PROBES) * i * i);
  });
  const probes = tf.tensor2d(values, [n, PROBES]);
  let image: tf.Tensor2D = tf.add(tf.matMul(s, probes), tf.mul(probes, shift));
  for (let k = 0; k < p; k++) image = tf.matMul(root, image);
  const squared = (x: tf.Tensor) => tf.sum(tf.square(x));
  const ratio = tf.sqrt(tf.div(squared(tf.sub(image, probes)), squared(probes)));
  return ratio.dataSync()[0] as number;
}
