import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Cost } from "./index.ts";
import { readCost, registerCost, startCost, stopCost, useBackend } from "./index.ts";
import { inPhase } from "./phase.ts";
import { draw, TEST_MODELS, train } from "./testing/models.ts";

beforeAll(async () => {
  await useBackend({ threads: 1 });
});

afterEach(stopCost);

function costOf(work: () => unknown): Cost {
  startCost();
  tf.tidy(() => {
    work();
  });
  return readCost();
}

const matrix = (rows: number, columns: number) => draw([rows, columns], 1) as tf.Tensor2D;

describe("FLOPs follow the closed forms", () => {
  it("of a matrix product, 2·m·k·n, and of its two gradients", () => {
    const [a, b] = [matrix(3, 5), matrix(5, 7)];
    expect(costOf(() => tf.matMul(a, b)).flops).toBe(2 * 3 * 5 * 7);
    expect(costOf(() => tf.matMul(a, matrix(7, 5), false, true)).flops).toBe(2 * 3 * 5 * 7);
    expect(costOf(() => tf.matMul(matrix(5, 3), b, true)).flops).toBe(2 * 3 * 5 * 7);
    const product = (x: tf.Tensor, y: tf.Tensor) => tf.matMul(x, y);
    const dy = matrix(3, 7);
    expect(costOf(() => tf.grads(product)([a, b], dy)).flops).toBe(3 * 2 * 3 * 5 * 7);
  });

  it("of an MLP's forward and backward pass", () => {
    const [x, w1, w2] = [matrix(6, 4), matrix(4, 8), matrix(8, 3)];
    const cost = costOf(() => {
      const forward = (a: tf.Tensor, b: tf.Tensor) => {
        return inPhase("forward", () => tf.matMul(tf.relu(tf.matMul(x, a)), b));
      };
      inPhase("backward", () => tf.grads(forward)([w1, w2], matrix(6, 3)));
    });
    const [first, second] = [2 * 6 * 4 * 8, 2 * 6 * 8 * 3];
    expect(cost.phases.forward.flops).toBe(first + 6 * 8 + second);
    // No gradient flows to x; relu's is a step and a product.
    expect(cost.phases.backward.flops).toBe(first + 2 * second + 2 * 6 * 8);
    expect(cost.flops).toBe(cost.phases.forward.flops + cost.phases.backward.flops);
  });

  it("of a convolution and its two gradients", () => {
    const x = draw([2, 8, 8, 3], 1) as tf.Tensor4D;
    const w = draw([3, 3, 3, 5], 2) as tf.Tensor4D;
    const conv = (a: tf.Tensor, b: tf.Tensor) =>
      tf.conv2d(a as tf.Tensor4D, b as tf.Tensor4D, 2, "same");
    const once = 2 * (2 * 4 * 4 * 5) * (3 * 3 * 3);
    expect(costOf(() => conv(x, w)).flops).toBe(once);
    expect(costOf(() => tf.grads(conv)([x, w], draw([2, 4, 4, 5], 3))).flops).toBe(3 * once);
  });

  it("of attention: scores, softmax and mixture", () => {
    const [batch, heads, block, width] = [2, 3, 5, 4];
    const part = (seed: number) => draw([batch, heads, block, width], seed);
    const cost = costOf(() => {
      tf.matMul(tf.softmax(tf.matMul(part(1), part(2), false, true)), part(3));
    });
    const scores = batch * heads * block * block;
    expect(cost.flops).toBe(2 * (2 * scores * width) + 5 * scores);
  });

  it("of a kernel that brings its own rule", () => {
    registerCost("TestCost", ({ x }) => 1000 * (x?.shape[0] ?? 0));
    const kernelFunc = ({ inputs }: { inputs: tf.NamedTensorInfoMap }) => inputs.x as tf.TensorInfo;
    tf.registerKernel({ kernelName: "TestCost", backendName: "onnxruntime", kernelFunc });
    const x = tf.zeros([4]);
    expect(costOf(() => tf.engine().runKernel("TestCost", { x })).flops).toBe(4000);
  });
});

describe("bytes", () => {
  it("are those of inputs and outputs; a reshape moves none", () => {
    const [a, b] = [matrix(3, 5), matrix(5, 7)];
    const cost = costOf(() => tf.matMul(tf.reshape(a, [3, 5]), tf.reshape(b, [5, 7])));
    expect(cost.bytes).toBe(4 * (15 + 35 + 21));
  });

  it("peak where most tensors are alive", () => {
    const before = tf.memory().numBytes;
    const cost = costOf(() => {
      tf.tidy(() => tf.add(tf.exp(tf.zeros([100])), 1));
      tf.zeros([10]).square();
    });
    // 100 zeros, their exponentials, the constant and the sum.
    expect(cost.peakBytes - before).toBe(4 * (100 + 100 + 1 + 100));
  });
});

it("is the same on every backend", async () => {
  for (const model of Object.values(TEST_MODELS)) {
    const costs: Cost[] = [];
    for (const backend of ["reference", "onnxruntime"] as const) {
      await useBackend({ backend, threads: 1 });
      costs.push(costOf(() => train(model(), [0.1])));
    }
    const [reference, onnxruntime] = costs as [Cost, Cost];
    expect(onnxruntime.phases).toEqual(reference.phases);
    expect(onnxruntime.flops).toBeGreaterThan(0);
  }
});

it("says that it must be started first", () => {
  expect(readCost).toThrow("startCost");
});
