import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { detached, logSoftmax, repairGradients } from "./gradients.ts";
import { engineCounters, resetEngineCounters, useBackend } from "./index.ts";
import oracles from "./oracles/gradients.json";

interface Oracle {
  inputs: { shape: number[]; values: number[] }[];
  weights: { shape: number[]; values: number[] };
  loss: number;
  gradients: number[][];
  vectors: number[][];
  products: number[][];
}

type Operation = (...inputs: tf.Tensor[]) => tf.Tensor;

const cube = (x: tf.Tensor) => tf.mul(x, tf.square(x));
const one = (f: (x: tf.Tensor) => tf.Tensor): Operation => f as Operation;
const two = (f: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor): Operation => f as Operation;
const product = (transposeA = false, transposeB = false) =>
  two((a, b) => tf.matMul(a, b, transposeA, transposeB));

function normalized(x: tf.Tensor, axis: number, epsilon: number): tf.Tensor {
  const { mean, variance } = tf.moments(x, axis, true);
  return tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, epsilon)));
}

const scaled = (x: tf.Tensor, scale: tf.Tensor, offset: tf.Tensor) =>
  tf.add(tf.mul(x, scale), offset);

const image = (x: tf.Tensor) => x as tf.Tensor4D;

const OPERATIONS: Record<string, Operation> = {
  matMul: product(),
  "matMul aT": product(true),
  "matMul bT": product(false, true),
  "matMul aT bT": product(true, true),
  "matMul batched": product(),
  "matMul batched bT": product(false, true),
  "matMul broadcast": product(),
  "matMul broadcast aT bT": product(true, true),
  add: two((a, b) => tf.sin(tf.add(a, b))),
  sub: two((a, b) => tf.sin(tf.sub(a, b))),
  mul: two((a, b) => tf.mul(a, b)),
  div: two((a, b) => tf.div(a, b)),
  pow: two((a, b) => tf.pow(a, b)),
  "pow 3": one((x) => tf.pow(x, 3)),
  squaredDifference: two((a, b) => tf.squaredDifference(a, b)),
  square: one(tf.square),
  sqrt: one(tf.sqrt),
  rsqrt: one(tf.rsqrt),
  reciprocal: one(tf.reciprocal),
  exp: one(tf.exp),
  expm1: one(tf.expm1),
  log: one(tf.log),
  log1p: one(tf.log1p),
  abs: one((x) => cube(tf.abs(x))),
  neg: one((x) => tf.neg(cube(x))),
  maximum: two((a, b) => cube(tf.maximum(a, b))),
  minimum: two((a, b) => cube(tf.minimum(a, b))),
  relu: one((x) => cube(tf.relu(x))),
  relu6: one((x) => cube(tf.relu6(x))),
  leakyRelu: one((x) => cube(tf.leakyRelu(x, 0.2))),
  elu: one(tf.elu),
  selu: one(tf.selu),
  clip: one((x) => cube(tf.clipByValue(x, -0.7, 0.9))),
  erf: one(tf.erf),
  gelu: one((x) => tf.mul(x, tf.mul(0.5, tf.add(1, tf.erf(tf.mul(x, Math.SQRT1_2)))))),
  "gelu tanh": one((x) => {
    const inner = tf.mul(Math.sqrt(2 / Math.PI), tf.add(x, tf.mul(0.044715, cube(x))));
    return tf.mul(x, tf.mul(0.5, tf.add(1, tf.tanh(inner))));
  }),
  tanh: one(tf.tanh),
  sigmoid: one(tf.sigmoid),
  softplus: one(tf.softplus),
  sin: one(tf.sin),
  cos: one(tf.cos),
  softmax: one((x) => tf.softmax(x)),
  logSoftmax: one(logSoftmax),
  logSumExp: one((x) => tf.logSumExp(x, -1)),
  "cross-entropy": one((logits) => {
    const target = tf.oneHot(tf.tensor1d([0, 2, 1], "int32"), 4, 0.925, 0.025, "float32");
    return tf.neg(tf.mean(tf.sum(tf.mul(target, logSoftmax(logits)), -1)));
  }),
  "sum all": one((x) => tf.square(tf.sum(x))),
  "sum axis": one((x) => tf.square(tf.sum(x, 0))),
  "sum two axes": one((x) => tf.square(tf.sum(x, [0, 2], true))),
  mean: one((x) => tf.square(tf.mean(x, -1))),
  max: one((x) => cube(tf.max(x, -1))),
  "max axis 0": one((x) => cube(tf.max(x, 0, true))),
  min: one((x) => cube(tf.min(x, -1))),
  norm: one((x) => tf.norm(x)),
  "cumsum axis 0": one((x) => tf.cumsum(tf.square(x), 0)),
  "cumsum axis 1": one((x) => tf.cumsum(tf.square(x), 1)),
  "layer norm": (x, scale, offset) =>
    scaled(normalized(x as tf.Tensor, -1, 1e-5), scale as tf.Tensor, offset as tf.Tensor),
  "batch norm": (x, scale, offset) => {
    const { mean, variance } = tf.moments(x as tf.Tensor, 0);
    return tf.batchNorm(x as tf.Tensor2D, mean, variance, offset, scale, 1e-3);
  },
  attention: (q, k, v) => {
    const scores = tf.div(tf.matMul(q as tf.Tensor, k as tf.Tensor, false, true), Math.SQRT2);
    return tf.matMul(tf.softmax(scores), v as tf.Tensor);
  },
  "mse of tanh": two((x, w) => tf.squaredDifference(tf.tanh(tf.matMul(x, w)), 0.3)),
  gather: one((x) => tf.square(tf.gather(x, tf.tensor1d([2, 0, 2], "int32")))),
  unsortedSegmentSum: one((x) =>
    tf.square(tf.unsortedSegmentSum(x, tf.tensor1d([2, 0, 2, 1], "int32"), 3)),
  ),
  concat: two((a, b) => cube(tf.concat([a, b], 1))),
  split: one((x) => {
    const [first, second] = tf.split(x, 3, 1) as [tf.Tensor, tf.Tensor];
    return tf.mul(first, second);
  }),
  slice: one((x) => cube(tf.slice(x, [1, 0], [2, 2]))),
  stack: two((a, b) => cube(tf.stack([a, b], 1))),
  unstack: one((x) => {
    const [first, second] = tf.unstack(x) as [tf.Tensor, tf.Tensor];
    return tf.mul(first, second);
  }),
  pad: one((x) =>
    cube(
      tf.pad(x, [
        [0, 2],
        [1, 0],
      ]),
    ),
  ),
  tile: one((x) => cube(tf.tile(x, [2, 3]))),
  broadcastTo: one((x) => cube(tf.broadcastTo(x, [3, 2]))),
  transpose: one((x) => cube(tf.transpose(x, [2, 0, 1]))),
  reshape: one((x) => cube(tf.reshape(x, [3, 2]))),
  reverse: one((x) => cube(tf.reverse(x, 1))),
  where: one((x) => tf.where(tf.greater(x, 0), cube(x), tf.exp(x))),
  "dropout mask": one((x) =>
    tf.mul(
      cube(x),
      tf.tensor2d([
        [2, 0, 2],
        [0, 2, 2],
      ]),
    ),
  ),
  conv2d: two((x, w) => tf.conv2d(image(x), image(w), 1, "same")),
  "conv2d stride 2": two((x, w) => tf.conv2d(image(x), image(w), 2, "valid")),
  depthwise: two((x, w) => tf.depthwiseConv2d(image(x), image(w), 1, "valid")),
  avgPool: one((x) => tf.square(tf.avgPool(image(x), 2, 2, "valid"))),
  maxPool: one((x) => tf.square(tf.maxPool(image(x), 2, 2, "valid"))),
  "maxPool overlapping": one((x) => tf.square(tf.maxPool(image(x), 3, 2, "valid"))),
};

/** What tfjs's own JavaScript computes on `onnxruntime`: no model here needs it. */
const FALLBACKS = [
  "MaxPoolWithArgmax",
  "DepthwiseConv2dNativeBackpropInput",
  "DepthwiseConv2dNativeBackpropFilter",
];

describe.each(["reference", "onnxruntime"] as const)(
  "against PyTorch in float64, %s",
  (backend) => {
    beforeAll(async () => {
      await useBackend({ backend, threads: 1 });
    });

    test.each(Object.entries(oracles as Record<string, Oracle>))("%s", (name, oracle) => {
      const operation = OPERATIONS[name] as Operation;
      const inputs = oracle.inputs.map(({ values, shape }) => tf.tensor(values, shape));
      const vectors = oracle.vectors.map((values, i) => tf.tensor(values, oracle.inputs[i]?.shape));
      const weights = tf.tensor(oracle.weights.values, oracle.weights.shape);
      const loss = (...x: tf.Tensor[]) => {
        const y = operation(...x);
        return tf.add(tf.sum(tf.mul(weights, y)), tf.div(tf.sum(tf.square(y)), 2));
      };
      const gradients = tf.grads(loss);
      const slope = (...x: tf.Tensor[]) =>
        tf.addN(gradients(x).map((g, i) => tf.sum(tf.mul(g, vectors[i] as tf.Tensor))));

      resetEngineCounters();
      // All of them before any is read, so that they are one graph.
      const [value, first, second] = [loss(...inputs), gradients(inputs), tf.grads(slope)(inputs)];
      expectClose([value], [[oracle.loss]]);
      expectClose(first, oracle.gradients);
      expectClose(second, oracle.products);
      const fallen = Object.keys(engineCounters().fallbacks);
      expect(fallen.filter((kernel) => !FALLBACKS.includes(kernel))).toEqual([]);
    });

    test("every oracle has an operation and every operation an oracle", () => {
      expect(Object.keys(OPERATIONS).sort()).toEqual(Object.keys(oracles).sort());
    });
  },
);

/** Within float32 rounding of the largest entry of all the arrays. */
function expectClose(actual: tf.Tensor[], expected: number[][]): void {
  const scale = Math.max(1e-3, ...expected.flat().map(Math.abs));
  const differences = expected.flatMap((values, i) => {
    const computed = actual[i]?.dataSync() ?? [];
    return values.map((value, j) => Math.abs((computed[j] as number) - value) / scale);
  });
  expect(Math.max(...differences)).toBeLessThan(5e-6);
}

test("the gradient of relu and of a maximum at a tie", () => {
  const zero = tf.tensor1d([0]);
  expect(
    tf
      .grad((x) => tf.relu(x))(zero)
      .dataSync()[0],
  ).toBe(0);
  const [a, b] = tf.grads((x, y) => tf.maximum(x as tf.Tensor, y as tf.Tensor))([
    zero,
    tf.tensor1d([0]),
  ]);
  expect([a?.dataSync()[0], b?.dataSync()[0]]).toEqual([1, 0]);
});

test("elu has a finite gradient far to the right", () => {
  expect(
    tf
      .grad((x) => tf.elu(x))(tf.tensor1d([200]))
      .dataSync()[0],
  ).toBe(1);
});

test("a detached value is a constant at every order", () => {
  const f = (x: tf.Tensor) =>
    tf.mul(
      x,
      detached(() => tf.square(x)),
    );
  const x = tf.scalar(3);
  expect(tf.grad(f)(x).dataSync()[0]).toBe(9);
  expect(
    tf
      .grad((y) => tf.mul(y, tf.grad(f)(y)))(x)
      .dataSync()[0],
  ).toBe(9);
  expect(detached(() => tf.square(x)).dataSync()[0]).toBe(9);
});

test("repairing twice changes nothing, and no tensor is left behind", () => {
  const gradient = tf.getGradient(tf.Exp);
  repairGradients();
  expect(tf.getGradient(tf.Exp)).toBe(gradient);

  const x = tf.tensor2d([[0.5, -1]]);
  const before = tf.memory().numTensors;
  tf.tidy(() => {
    const slope = (y: tf.Tensor) => tf.sum(tf.grad((z) => tf.softmax(tf.tanh(tf.relu(z))))(y));
    tf.grad(slope)(x).dataSync();
  });
  expect(tf.memory().numTensors).toBe(before);
});
