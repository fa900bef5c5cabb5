import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, it } from "vitest";
import { useBackend } from "../engine/index.ts";
import { basisAxes, rotate } from "./rotation.ts";

beforeAll(() => useBackend({ backend: "reference" }));

const shape = [2, 3, 4];
const tensor = () => tf.reshape(tf.sin(tf.range(0, 24)), shape);
const square = (order: number) =>
  tf.reshape<tf.Rank.R2>(tf.cos(tf.range(0, order * order)), [order, order]);

/** The tensor with its axis moved to the front, as rows `[d, rest]`. */
function unfold(x: tf.Tensor, axis: number): tf.Tensor2D {
  const others = shape.map((_, i) => i).filter((i) => i !== axis);
  return tf.reshape(tf.transpose(x, [axis, ...others]), [shape[axis] as number, -1]);
}

function expectClose(actual: tf.Tensor, expected: tf.Tensor): void {
  expect(actual.shape).toEqual(expected.shape);
  const want = expected.dataSync();
  actual.dataSync().forEach((value, i) => {
    expect(value).toBeCloseTo(want[i] as number, 5);
  });
}

it.each([0, 1, 2])("along axis %i it is the unfolding's product", (axis) => {
  const basis = square(shape[axis] as number);
  for (const back of [false, true]) {
    const turned = rotate(tensor(), new Map([[axis, basis]]), back);
    expect(turned.shape).toEqual(shape);
    expectClose(unfold(turned, axis), tf.matMul(basis, unfold(tensor(), axis), !back, false));
  }
});

it("goes there and back", () => {
  const turn = tf.tensor2d([
    [0.6, -0.8],
    [0.8, 0.6],
  ]);
  const bases = new Map([[0, turn]]);
  expectClose(rotate(rotate(tensor(), bases), bases, true), tensor());
});

it("vectors have no bases, and large axes none", () => {
  expect(basisAxes([4], 10)).toEqual([]);
  expect(basisAxes([4, 11, 10], 10)).toEqual([0, 2]);
});
