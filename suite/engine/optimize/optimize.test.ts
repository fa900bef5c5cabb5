/** Each rewrite changes the graph as it should, and never what the graph computes. */
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { logSoftmax } from "../gradients.ts";
import { flush, useBackend } from "../index.ts";
import { ModelBuilder } from "../model.ts";
import { draw } from "../testing/models.ts";
import { expandOwnOps } from "./expand.ts";
import { optimize } from "./index.ts";

/** What is left of nodes that `write` adds, by op, after all rewrites. */
function census(
  shapes: Record<string, number[]>,
  write: (b: ModelBuilder) => string,
): Record<string, number> {
  const builder = new ModelBuilder("cpu");
  for (const [name, shape] of Object.entries(shapes)) builder.declare(name, shape);
  expandOwnOps(builder, optimize(builder, [write(builder)]));
  const counts: Record<string, number> = {};
  for (const { op } of builder.list) counts[op] = (counts[op] ?? 0) + 1;
  return counts;
}

describe("what is left of a graph", () => {
  it("merges equal nodes and drops what nothing reads", () => {
    const left = census({ x: [4] }, (b) => {
      b.node("Sin", ["x"]);
      return b.node("Mul", [b.node("Exp", ["x"]), b.node("Exp", ["x"])]);
    });
    expect(left).toEqual({ Exp: 1, Mul: 1 });
  });

  it("reads what a Tile repeats, where the reader broadcasts", () => {
    const left = census({ x: [], y: [3, 4] }, (b) => {
      const column = b.node("Tile", [b.reshape("x", [1]), b.ints([3])]);
      const full = b.node("Tile", [b.reshape(column, [3, 1]), b.ints([1, 4])]);
      return b.node("Mul", [full, "y"]);
    });
    expect(left).toEqual({ Reshape: 1, Mul: 1 });
  });

  it("adds up squares in one pass, over whole tensors and where nothing else reads them", () => {
    const squares = (b: ModelBuilder, axes: number[]) => {
      const square = b.node("Mul", ["x", "x"]);
      return [square, b.node("crossover:ReduceSum", [square, b.ints(axes)], { keepdims: 0 })];
    };
    const whole = (b: ModelBuilder) => squares(b, [0, 1])[1] as string;
    expect(census({ x: [4, 3] }, whole)).toEqual({ ReduceSumSquare: 1 });
    const rows = (b: ModelBuilder) => squares(b, [1])[1] as string;
    expect(census({ x: [4, 3] }, rows)).toEqual({ Mul: 1, ReduceSum: 1 });
    const both = (b: ModelBuilder) => b.node("Add", squares(b, [0, 1]));
    expect(census({ x: [4, 3] }, both)).toEqual({ Mul: 1, ReduceSum: 1, Add: 1 });
  });

  it("keeps a Tile whose reader needs every element", () => {
    const left = census({ x: [1], y: [2, 2] }, (b) => {
      const full = b.reshape(b.node("Tile", ["x", b.ints([4])]), [2, 2]);
      return b.node("Gemm", [full, "y"]);
    });
    expect(left.Tile).toBe(1);
  });

  it("makes ReLU's gradient a product, and reads ReLU's output", () => {
    const left = census({ z: [4], dy: [4] }, (b) => {
      const relu = b.node("Relu", ["z"]);
      const step = b.node("crossover:Step", ["z"], { alpha: { float: 0 } });
      return b.node("Sub", [relu, b.node("Mul", ["dy", step])]);
    });
    expect(left).toEqual({ Relu: 1, Greater: 1, Cast: 1, Mul: 1, Sub: 1 });
  });

  it("finds log-softmax", () => {
    const left = census({ x: [3, 5] }, (b) => {
      const last = b.ints([1]);
      const shifted = b.node("Sub", ["x", b.node("crossover:ReduceMax", ["x", last], KEEP)]);
      const sum = b.node("crossover:ReduceSum", [b.node("Exp", [shifted]), last], KEEP);
      return b.node("Sub", [shifted, b.node("Log", [sum])]);
    });
    expect(left).toEqual({ LogSoftmax: 1 });
  });

  it("folds transposes, biases and addends into products", () => {
    const shapes = { x: [3, 4], w: [5, 4], m: [3, 5] };
    const left = census(shapes, (b) => {
      const product = b.node("Gemm", ["x", b.node("Transpose", ["w"], { perm: [1, 0] })], PLAIN);
      return b.node("Add", ["m", product]);
    });
    expect(left).toEqual({ Gemm: 1 });
  });

  it("scales an addend by a constant within the product", () => {
    const left = census({ x: [3, 4], w: [4, 5], m: [3, 5] }, (b) => {
      const kept = b.node("Mul", ["m", b.constant(0.9, "float32")]);
      return b.node("Add", [kept, b.node("Gemm", ["x", "w"], PLAIN)]);
    });
    expect(left).toEqual({ Gemm: 1 });
  });

  it("does not fold an addend that is larger than the product", () => {
    const left = census({ x: [1, 4], w: [4, 5], m: [3, 5] }, (b) => {
      return b.node("Add", ["m", b.node("Gemm", ["x", "w"], PLAIN)]);
    });
    expect(left).toEqual({ Gemm: 1, Add: 1 });
  });

  it("keeps images in the convolutions' layout between them", () => {
    const shapes = { x: [2, 8, 8, 3], w: [4, 3, 3, 3], v: [4, 4, 3, 3], scale: [4] };
    const left = census(shapes, (b) => {
      const conv = (input: string, filter: string) => {
        const first = b.node("Transpose", [input], { perm: [0, 3, 1, 2] });
        const y = b.node("Conv", [first, filter], { pads: [1, 1, 1, 1] });
        b.declare(y, [2, 4, 8, 8]);
        return b.node("Transpose", [y], { perm: [0, 2, 3, 1] });
      };
      const hidden = b.node("Relu", [b.node("Mul", [conv("x", "w"), "scale"])]);
      const mean = b.node("ReduceMean", [hidden, b.ints([0, 1, 2])], { keepdims: 0 });
      return b.node("ReduceMean", [conv(b.node("Sub", [hidden, mean]), "v"), b.ints([1, 2])], {
        keepdims: 0,
      });
    });
    expect(left).toMatchObject({ Transpose: 1, Conv: 2 });
  });

  it("sums images over channels by products with ones, in two stages where they are many", () => {
    const sum = (images: number) =>
      census({ x: [images, 8, 8, 16] }, (b) => {
        return b.node("crossover:ReduceSum", ["x", b.ints([0, 1, 2])], { keepdims: 0 });
      });
    expect(sum(256)).toEqual({ Gemm: 1, Reshape: 2 });
    expect(sum(512)).toEqual({ Gemm: 2, Reshape: 3 });
  });

  it("repeats a vector over few channels along the rows of images", () => {
    const scaled = (channels: number) =>
      census({ x: [64, 8, 8, channels], scale: [channels] }, (b) => {
        return b.node("Relu", [b.node("Mul", ["x", "scale"])]);
      });
    expect(scaled(16)).toEqual({ Expand: 1, Mul: 1, Relu: 1 });
    expect(scaled(64)).toEqual({ Mul: 1, Relu: 1 });
  });
});

const KEEP = { keepdims: 1 };
const PLAIN = { transA: 0, transB: 0 };

describe("rewritten graphs compute what tfjs computes", () => {
  beforeAll(async () => {
    await useBackend({ threads: 1 });
  });

  afterEach(flush);

  const cases: Record<string, () => tf.Tensor> = {
    "log-softmax with NaN and infinity": () =>
      logSoftmax(tf.tensor2d([1, 2, Number.NaN, 4, 5, 6, Number.POSITIVE_INFINITY, 8, 9], [3, 3])),
    "log of a sum of exponentials with NaN": () =>
      tf.logSumExp(tf.tensor2d([1, 2, Number.NaN, 4, 500, 600], [2, 3]), 1),
    "relu's gradient": () =>
      tf.grad((x) => tf.relu(tf.mul(x, x)).sub(tf.relu(x)))(tf.tensor1d([-2, -0, 0, 3, -1])),
    "abs's gradient": () => tf.grad(tf.abs)(tf.tensor1d([-2, 3, -1])),
    "sums of rows": () => tf.sum(draw([64, 5], 1), 0),
    "sums of rows, kept": () => tf.sum(draw([8, 8, 5], 1), [0, 1], true),
    "sums of the pixels of many images": () => tf.sum(draw([300, 8, 8, 3], 1), [0, 1, 2]),
    "images scaled and moved by channel": () => {
      const [scale, shift] = [draw([16], 2), draw([1, 1, 1, 16], 3)];
      return tf.sub(shift, tf.mul(draw([32, 8, 8, 16], 1), scale));
    },
    "sums of integers": () => tf.sum(tf.cast(tf.mul(draw([64, 5], 1), 10), "int32"), 0),
    "gradient of a mean": () =>
      tf.grad((x) => tf.mean(tf.mul(tf.mean(x, 1, true), x)))(draw([3, 4], 1)),
    "product plus bias and residual": () => {
      const [x, w] = [draw([3, 4], 1) as tf.Tensor2D, draw([4, 5], 2) as tf.Tensor2D];
      return tf.add(tf.add(tf.matMul(x, w), draw([5], 3)), draw([3, 5], 4));
    },
    "product of transposed matrices": () => {
      const [x, w] = [draw([4, 3], 1) as tf.Tensor2D, draw([5, 4], 2) as tf.Tensor2D];
      return tf.matMul(tf.transpose(x), tf.transpose(w), false, false);
    },
    "batched product of transposed matrices": () =>
      tf.matMul(tf.transpose(draw([2, 4, 3], 1), [0, 2, 1]), draw([2, 4, 5], 2)),
    "images by channel, by image, by pixel": () => {
      const conv = (x: tf.Tensor, seed: number) =>
        tf.conv2d(x as tf.Tensor4D, draw([3, 3, 4, 4], seed) as tf.Tensor4D, 1, "same");
      const y = tf.mul(conv(draw([2, 20, 20, 4], 1), 2), draw([4], 3));
      const byImage = tf.sub(y, tf.mean(y, [1, 2], true));
      const byPixel = tf.mul(byImage, tf.sum(y, 3, true));
      return tf.add(conv(byPixel, 4), tf.concat([tf.max(byPixel, [0, 3]).expandDims(-1)], -1));
    },
  };

  it.each(Object.entries(cases))("%s", async (_, compute) => {
    const values = () => tf.tidy(() => Array.from(compute().dataSync()));
    await useBackend({ backend: "reference" });
    const expected = values();
    await useBackend({ threads: 1 });
    const actual = values();
    const scale = Math.max(1, ...expected.filter(Number.isFinite).map(Math.abs));
    actual.forEach((value, i) => {
      const wanted = expected[i] as number;
      if (Number.isFinite(wanted)) expect(Math.abs(value - wanted)).toBeLessThan(1e-5 * scale);
      else expect(value).toBe(wanted);
    });
    expect(actual).toHaveLength(expected.length);
  });

  it("sums of squares, with the bits that products add up to", () => {
    for (const shape of [[7], [64, 33], [3, 3, 16, 5], [300, 200], [1, 9]]) {
      const x = tf.mul(draw(shape, 1), tf.exp(tf.mul(draw(shape, 2), 5)));
      const products = tf.square(x);
      // They are kept: something else reads them.
      const twoPasses = tf.sum(products).dataSync();
      expect(tf.tidy(() => tf.sum(tf.square(x)).dataSync())).toEqual(twoPasses);
      tf.dispose([x, products]);
    }
  });
});
