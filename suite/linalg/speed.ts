/**
 * @file `npm run speed:linalg`: how long the linear algebra takes beside a product of two matrices of
 * the same order, measured in turns so that a busy machine disturbs all alike.
 *
 *     npm run speed:linalg -- 128 512 2048      orders; 128, 512 and 1024 without any
 */
import { availableParallelism } from "node:os";
import * as tf from "@tensorflow/tfjs-core";
import { Bench } from "tinybench";
import { flush, useBackend } from "../engine/index.ts";
import {
  cholesky,
  inverseRoot,
  inverseRootProduct,
  largestEigenvalue,
  type Precision,
  qr,
  spdInverse,
  spdInverses,
  spdSolve,
  symmetricEigen,
  triangularSolve,
} from "./index.ts";

/** Eigenvectors of larger matrices take seconds. */
const LARGEST_EIGEN = 1024;
/** Distributed Shampoo's largest block. */
const BLOCK = 1024;
/** Rows of a batch. */
const ROWS = 128;

type Case = () => unknown;

/** Cases by name, on the covariance of n random rows whose scales fall by e⁷. */
function cases(n: number): Record<string, Case> {
  const examples = tf.mul(tf.randomNormal([n, n], 0, 1, "float32", 1), decay(n)) as tf.Tensor2D;
  const s = tf.div(tf.matMul(examples, examples, true, false), n) as tf.Tensor2D;
  const largest = largestEigenvalue(s).value;
  const factor = cholesky(tf.add(s, tf.eye(n))).factor;
  const right = tf.ones<tf.Rank.R2>([n, 1]);
  const inverse = (precision: Precision) => () =>
    spdInverse(s, { damping: 1e-3, precision }).inverse;
  const root = (ridge: number, precision: Precision) => () =>
    inverseRoot(s, 4, { ridge, largest, precision }).root;
  const rows = tf.ones<tf.Rank.R2>([ROWS, n]);
  const rooted = () => inverseRootProduct(rows, s, 4, { ridge: 1e-6, largest }).product;
  const four = [s, s, s, s].map((matrix) => ({ matrix, damping: 1e-3 }));
  return {
    "matrix product": () => tf.matMul(s, s),
    Cholesky: () => cholesky(tf.add(s, factor)).factor,
    "SPD inverse": inverse("float32"),
    "SPD inverse, float64": inverse("float64"),
    "SPD system, 1 right-hand side": () => spdSolve(s, right, { damping: 1e-3 }).solution,
    "four SPD inverses": () => spdInverses(four).map((result) => result.inverse),
    "inverse 4th root, ridge 1e-1": root(1e-1, "float32"),
    "inverse 4th root, ridge 1e-3": root(1e-3, "float32"),
    "inverse 4th root, ridge 1e-6": root(1e-6, "float32"),
    [`the same times ${ROWS} rows, float32`]: rooted,
    "inverse 4th root, ridge 1e-6, float64": root(1e-6, "float64"),
    ...(n > BLOCK && { "the same in blocks of 1024, float32": () => blockRoots(s, n) }),
    ...(n <= LARGEST_EIGEN && { "the same from eigenvectors": () => rootFromEigenvectors(s) }),
    "largest eigenvalue": () => largestEigenvalue(s).value,
    "triangular system, n right-hand sides": () => triangularSolve(factor, s).solution,
    QR: () => qr(s).q,
    ...(n <= LARGEST_EIGEN && { eigenvectors: () => symmetricEigen(s).vectors }),
  };
}

function decay(n: number): tf.Tensor {
  return tf.exp(tf.mul(tf.linspace(0, 1, n), -7));
}

/** Roots of the diagonal blocks alone: a different, cheaper preconditioner. */
function blockRoots(s: tf.Tensor2D, n: number): tf.Tensor2D[] {
  return Array.from({ length: Math.ceil(n / BLOCK) }, (_, i) => {
    const size = Math.min(BLOCK, n - i * BLOCK);
    const block = tf.slice(s, [i * BLOCK, i * BLOCK], [size, size]);
    return inverseRoot(block, 4, { ridge: 1e-6 }).root;
  });
}

function rootFromEigenvectors(s: tf.Tensor2D): tf.Tensor2D {
  const { values, vectors } = symmetricEigen(s);
  const ridge = tf.mul(tf.max(values), 1e-6);
  return tf.matMul(
    tf.mul(vectors, tf.pow(tf.add(tf.relu(values), ridge), -1 / 4)),
    vectors,
    false,
    true,
  );
}

async function measure(n: number): Promise<void> {
  const bench = new Bench({ time: 500, iterations: 10, warmupTime: 0, warmupIterations: 2 });
  tf.engine().startScope();
  for (const [name, work] of Object.entries(cases(n))) {
    bench.add(name, () => {
      tf.engine().startScope();
      work();
      flush();
      tf.engine().endScope();
    });
  }
  await bench.run();
  tf.engine().endScope();
  const latencies = bench.tasks.map(({ name, result }) => {
    if (!("latency" in result)) throw new Error(`${name} at order ${n} failed: ${result.state}`);
    return { name, min: result.latency.min, median: result.latency.p50 };
  });
  const product = latencies[0]?.min ?? Number.NaN;
  console.log(`\norder ${n}, milliseconds${" ".repeat(24)}minimum   median   products`);
  for (const { name, min, median } of latencies) {
    const numbers = [min.toFixed(2), median.toFixed(2), (min / product).toFixed(1)];
    console.log(name.padEnd(42) + numbers.map((text) => text.padStart(9)).join(""));
  }
}

const { deviceClass } = await useBackend({ threads: availableParallelism() });
console.log(deviceClass);
const orders = process.argv.slice(2).map(Number);
for (const n of orders.length > 0 ? orders : [128, 512, 1024]) await measure(n);
