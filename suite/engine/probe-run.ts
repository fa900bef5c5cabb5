/**
 * @file The process that `probe.ts` starts: `tsx suite/engine/probe-run.ts onnxruntime webgpu 2`
 * computes one gradient there, compares it with float64, and prints the outcome as a line of JSON.
 */
import * as tf from "@tensorflow/tfjs-core";
import type { DeviceChoice } from "./devices.ts";
import { EngineError, useBackend } from "./index.ts";
import type { ProbeOutcome } from "./probe.ts";

/** Largest relative error of a right gradient; float32 gives 1e-6, webgpu's approximations 1e-5. */
const TOLERANCE = 1e-3;

/** Largest error of the gradient of sum((X W)²), relative to its largest entry, 2 Xᵀ X W. */
async function gradientError(): Promise<number> {
  const [rows, inner, columns] = [32, 48, 24];
  const numbers = (count: number, seed: number) =>
    Array.from({ length: count }, (_, k) => Math.sin(seed + 1.7 * k));
  const x = numbers(rows * inner, 1);
  const w = numbers(inner * columns, 2);
  const product = multiply(x, w, rows, inner, columns);
  const expected = multiply(transpose(x, rows, inner), product, inner, rows, columns).map(
    (value) => 2 * value,
  );
  const loss = tf.grad((weights: tf.Tensor) =>
    tf.sum(tf.square(tf.matMul(tf.tensor2d(x, [rows, inner]), weights as tf.Tensor2D))),
  );
  const got = await tf.tidy(() => loss(tf.tensor2d(w, [inner, columns]))).data();
  const scale = Math.max(...expected.map(Math.abs));
  return Math.max(...expected.map((value, k) => Math.abs(value - (got[k] ?? Number.NaN)))) / scale;
}

/** a [n, k] times b [k, m], row by row, in float64. */
function multiply(a: number[], b: number[], n: number, k: number, m: number): number[] {
  return Array.from({ length: n * m }, (_, index) => {
    const [row, column] = [Math.floor(index / m), index % m];
    let sum = 0;
    for (let i = 0; i < k; i++) sum += (a[row * k + i] ?? 0) * (b[i * m + column] ?? 0);
    return sum;
  });
}

function transpose(a: number[], rows: number, columns: number): number[] {
  return Array.from(a, (_, k) => a[(k % rows) * columns + Math.floor(k / rows)] ?? 0);
}

async function outcomeHere(choice: DeviceChoice): Promise<ProbeOutcome> {
  try {
    const { runtimeVersion } = await useBackend(choice);
    const error = await gradientError();
    if (error <= TOLERANCE) return { works: true, runtime: runtimeVersion, error };
    return {
      works: false,
      code: "wrong-result",
      summary: `${runtimeVersion} computes a gradient with relative error ${error.toExponential(1)}.`,
      hint: "Update the driver of this device; do not use it for results.",
    };
  } catch (error) {
    if (error instanceof EngineError) {
      const { code, summary, hint } = error;
      return { works: false, code, summary, hint };
    }
    return { works: false, code: "failed", summary: String(error) };
  }
}

const [backend, device, threads] = process.argv.slice(2);
const choice = { backend, device, threads: Number(threads) } as DeviceChoice;
process.stdout.write(`\n${JSON.stringify(await outcomeHere(choice))}\n`);
