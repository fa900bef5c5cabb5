/**
 * @file The process that `gpu-proof.ts` starts per device: trains fixed MLPs there and prints their
 * losses and step times as a line of JSON. `tsx suite/engine/scripts/gpu-proof-run.ts onnxruntime
 * cuda 8 large`
 */
import * as tf from "@tensorflow/tfjs-core";
import type { DeviceChoice } from "../devices.ts";
import { useBackend } from "../index.ts";

export interface StepTime {
  /** Layer sizes and batch. */
  case: string;
  /** ms, each step read back so that the device has really finished */
  minimum: number;
  median: number;
  steps: number;
}

export interface TrainingProof {
  /** Cross-entropy of the small MLP after each update, nats. */
  losses: number[];
  stepTimes: StepTime[];
}

interface MlpCase {
  sizes: number[];
  batch: number;
}

const AGREEMENT_STEPS = 20;
const TIMED_STEPS = 20;
const WARM_STEPS = 3;
/** Slow devices stop a case after this. */
const SECONDS_PER_CASE = 20;

const SMALL: MlpCase = { sizes: [784, 128, 128, 10], batch: 32 };
const LARGE: MlpCase[] = [
  { sizes: [784, 2048, 2048, 10], batch: 512 },
  { sizes: [784, 2048, 2048, 10], batch: 4096 },
];

/** A function that does one SGD step with momentum and returns the loss before it. */
function mlpTraining({ sizes, batch }: MlpCase): () => Promise<number> {
  const weights = sizes
    .slice(1)
    .map((out, layer) =>
      tf.variable(
        tf.mul(wave([sizes[layer] ?? 0, out], layer + 1), Math.sqrt(2 / (sizes[layer] ?? 1))),
      ),
    );
  const momenta = weights.map((weight) => tf.variable(tf.zerosLike(weight)));
  const inputs = tf.keep(wave([batch, sizes[0] ?? 0], 9));
  const labels = tf.keep(
    tf.oneHot(
      tf.tensor1d(
        Array.from({ length: batch }, (_, k) => k % 10),
        "int32",
      ),
      10,
    ),
  );
  const loss = (): tf.Scalar => {
    const logits = weights.reduce<tf.Tensor>(
      (x, weight, layer) => tf.matMul(layer ? tf.relu(x) : x, weight),
      inputs,
    );
    const logProbabilities = tf.sub(logits, tf.logSumExp(logits, 1, true));
    return tf.neg(tf.mean(tf.sum(tf.mul(logProbabilities, labels), 1))) as tf.Scalar;
  };
  return async () => {
    const value = tf.tidy(() => {
      const { value: current, grads } = tf.variableGrads(loss, weights);
      weights.forEach((weight, layer) => {
        const momentum = momenta[layer] as tf.Variable;
        momentum.assign(tf.add(tf.mul(momentum, 0.9), grads[weight.name] as tf.Tensor));
        weight.assign(tf.sub(weight, tf.mul(momentum, 0.02)));
      });
      return current;
    });
    const [number] = await value.data();
    value.dispose();
    return number ?? Number.NaN;
  };
}

/** Numbers in [-1, 1] that are the same on every machine and backend. */
function wave(shape: [number, number], seed: number): tf.Tensor2D {
  const values = Float32Array.from({ length: shape[0] * shape[1] }, (_, k) =>
    Math.sin(seed * 12.9898 + k * 78.233),
  );
  return tf.tensor2d(values, shape);
}

async function timeSteps(mlp: MlpCase): Promise<StepTime> {
  const step = mlpTraining(mlp);
  const began = performance.now();
  for (let k = 0; k < WARM_STEPS; k++) await step();
  const times: number[] = [];
  while (times.length < TIMED_STEPS) {
    const start = performance.now();
    await step();
    times.push(performance.now() - start);
    if (times.length >= 3 && performance.now() - began > SECONDS_PER_CASE * 1000) break;
  }
  times.sort((a, b) => a - b);
  return {
    case: `${mlp.sizes.join("-")}, batch ${mlp.batch}`,
    minimum: times[0] ?? Number.NaN,
    median: times[Math.floor(times.length / 2)] ?? Number.NaN,
    steps: times.length,
  };
}

async function prove(size: string): Promise<TrainingProof> {
  const step = mlpTraining(SMALL);
  const losses: number[] = [];
  for (let k = 0; k < AGREEMENT_STEPS; k++) losses.push(await step());
  const stepTimes: StepTime[] = [];
  for (const mlp of size === "large" ? [SMALL, ...LARGE] : [SMALL]) {
    stepTimes.push(await timeSteps(mlp));
  }
  return { losses, stepTimes };
}

const [backend, device, threads, size = "small"] = process.argv.slice(2);
await useBackend({ backend, device, threads: Number(threads) } as DeviceChoice);
process.stdout.write(`\n${JSON.stringify(await prove(size))}\n`);
