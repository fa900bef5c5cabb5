/**
 * @file Small models that together call every kernel of MLP, ResNet, ViT and GPT training. Weights
 * and batches are drawn in JavaScript, so that every backend starts from the same numbers.
 */
import * as tf from "@tensorflow/tfjs-core";
import { logSoftmax } from "../gradients.ts";

/** Initial weights, and the loss of one fixed batch as a function of weights. */
export interface TestModel {
  readonly weights: tf.Tensor[];
  readonly loss: (weights: readonly tf.Tensor[]) => tf.Scalar;
}

/** A small linear congruential generator: uniform in [-scale, scale). */
export function draw(shape: number[], seed: number, scale = 1): tf.Tensor {
  let state = seed * 7919 + 1;
  const values = Float32Array.from({ length: tf.util.sizeFromShape(shape) }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return scale * (state / 2 ** 31 - 1);
  });
  return tf.tensor(values, shape);
}

const drawWeights = (shapes: number[][]) =>
  shapes.map((shape, i) => (shape.length === 1 ? draw(shape, i, 0.5) : draw(shape, i, 0.3)));

function labels(count: number, classes: number): tf.Tensor {
  const ids = Int32Array.from({ length: count }, (_, i) => (i * 7) % classes);
  return tf.cast(tf.oneHot(tf.tensor1d(ids, "int32"), classes), "float32");
}

function crossEntropy(targets: tf.Tensor, logits: tf.Tensor): tf.Scalar {
  return tf.neg(tf.mean(tf.sum(tf.mul(targets, logSoftmax(logits)), -1))) as tf.Scalar;
}

const matMul = (x: tf.Tensor, w: tf.Tensor) => tf.matMul(x as tf.Tensor2D, w as tf.Tensor2D);

/** 8-16-5 with ReLU. */
export function mlp(): TestModel {
  const [x, y] = [draw([12, 8], 1), labels(12, 5)];
  return {
    weights: drawWeights([[8, 16], [16], [16, 5]]),
    loss: (weights) => {
      const [w1, b1, w2] = weights as [tf.Tensor, tf.Tensor, tf.Tensor];
      return crossEntropy(y, matMul(tf.relu(tf.add(matMul(x, w1), b1)), w2));
    },
  };
}

/** x normalised over `axes`, then scaled and shifted: batch or layer normalisation. */
function normalized(x: tf.Tensor, axes: number[], scale: tf.Tensor, shift: tf.Tensor): tf.Tensor {
  const { mean, variance } = tf.moments(x, axes, true);
  const centred = tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, 1e-5)));
  return tf.add(tf.mul(centred, tf.add(scale, 1)), shift);
}

/** Two convolutions with batch normalisation, a strided shortcut, both poolings. */
export function convolutional(): TestModel {
  const [x, y] = [draw([4, 8, 8, 3], 1), labels(4, 5)];
  const conv = (input: tf.Tensor, filter: tf.Tensor, stride: number) =>
    tf.conv2d(input as tf.Tensor4D, filter as tf.Tensor4D, stride, "same");
  const channels = [0, 1, 2];
  return {
    weights: drawWeights([
      [3, 3, 3, 8],
      [8],
      [8],
      [3, 3, 8, 16],
      [16],
      [16],
      [1, 1, 8, 16],
      [16, 5],
    ]),
    loss: (weights) => {
      const [w1, s1, o1, w2, s2, o2, shortcut, head] = weights as tf.Tensor[] as Eight;
      const first = tf.relu(normalized(conv(x, w1, 1), channels, s1, o1));
      const second = normalized(conv(first, w2, 2), channels, s2, o2);
      const joined = tf.relu(tf.add(second, conv(first, shortcut, 2)));
      const pooled = tf.maxPool(tf.avgPool(joined as tf.Tensor4D, 2, 2, "valid"), 2, 1, "same");
      return crossEntropy(y, matMul(tf.mean(pooled, [1, 2]), head));
    },
  };
}

type Eight = [
  tf.Tensor,
  tf.Tensor,
  tf.Tensor,
  tf.Tensor,
  tf.Tensor,
  tf.Tensor,
  tf.Tensor,
  tf.Tensor,
];

const [BATCH, BLOCK, WIDTH, HEADS, VOCABULARY] = [2, 6, 8, 2, 11] as const;

/** x [batch, block, dIn] times w [dIn, dOut], as one matrix product. */
function linear(x: tf.Tensor, w: tf.Tensor): tf.Tensor {
  const rows = tf.reshape(x, [-1, x.shape.at(-1) as number]);
  return tf.reshape(matMul(rows, w), [...x.shape.slice(0, -1), w.shape[1] as number]);
}

function attention(x: tf.Tensor, qkv: tf.Tensor, projection: tf.Tensor, causal: tf.Tensor) {
  const [q, k, v] = tf.split(linear(x, qkv), 3, -1).map((part) => {
    const heads = tf.reshape(part, [BATCH, BLOCK, HEADS, WIDTH / HEADS]);
    return tf.transpose(heads, [0, 2, 1, 3]);
  }) as [tf.Tensor, tf.Tensor, tf.Tensor];
  const scores = tf.mul(tf.matMul(q, k, false, true), (WIDTH / HEADS) ** -0.5);
  const mixed = tf.matMul(tf.softmax(tf.add(scores, causal)), v);
  return linear(tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), [BATCH, BLOCK, WIDTH]), projection);
}

function gelu(x: tf.Tensor): tf.Tensor {
  return tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.div(x, Math.SQRT2)), 1));
}

/** One block of a GPT with its embeddings and head. */
export function transformer(): TestModel {
  const ids = Int32Array.from({ length: BATCH * BLOCK }, (_, i) => (i * 5) % VOCABULARY);
  const tokens = tf.tensor2d(ids, [BATCH, BLOCK], "int32");
  const y = labels(BATCH * BLOCK, VOCABULARY);
  const after = Float32Array.from({ length: BLOCK ** 2 }, (_, i) =>
    i % BLOCK > Math.floor(i / BLOCK) ? -1e9 : 0,
  );
  const causal = tf.tensor2d(after, [BLOCK, BLOCK]);
  const shapes = [
    [VOCABULARY, WIDTH],
    [BLOCK, WIDTH],
    [WIDTH],
    [WIDTH, 3 * WIDTH],
    [WIDTH, WIDTH],
    [WIDTH, 4 * WIDTH],
    [4 * WIDTH, WIDTH],
    [WIDTH, VOCABULARY],
  ];
  return {
    weights: drawWeights(shapes),
    loss: (weights) => {
      const [embedding, position, scale, qkv, projection, up, down, head] = weights as Eight;
      const embedded = tf.add(tf.gather(embedding, tokens), position);
      const first = normalized(embedded, [2], scale, scale);
      const attended = tf.add(embedded, attention(first, qkv, projection, causal));
      const hidden = gelu(linear(normalized(attended, [2], scale, scale), up));
      const final = tf.add(attended, linear(hidden, down));
      return crossEntropy(y, tf.reshape(linear(final, head), [BATCH * BLOCK, VOCABULARY]));
    },
  };
}

export const TEST_MODELS: Readonly<Record<string, () => TestModel>> = {
  mlp,
  convolutional,
  transformer,
};

/** Gradient descent: the loss before each step. Reads the loss of every step, as training does. */
export function train({ weights, loss }: TestModel, learningRates: readonly number[]): number[] {
  const variables = weights.map((w) => tf.variable(w));
  const losses = learningRates.map((learningRate) => {
    const value = tf.tidy(() => {
      const { value, grads } = tf.variableGrads(() => loss(variables), variables);
      for (const w of variables) {
        w.assign(tf.sub(w, tf.mul(grads[w.name] as tf.Tensor, learningRate)));
      }
      return value;
    });
    const [number] = value.dataSync();
    value.dispose();
    return number as number;
  });
  tf.dispose(variables);
  return losses;
}

/** The Hessian of the loss times `vectors`: the gradient of the gradients' inner product with them. */
export function hessianVectorProduct(
  { weights, loss }: TestModel,
  vectors: readonly tf.Tensor[],
): tf.Tensor[] {
  const gradient = tf.grads((...inputs: tf.Tensor[]) => loss(inputs));
  const projected = (...inputs: tf.Tensor[]) => {
    const products = gradient(inputs).map((g, i) => tf.sum(tf.mul(g, vectors[i] as tf.Tensor)));
    return tf.addN(products);
  };
  return tf.grads(projected)(weights);
}
