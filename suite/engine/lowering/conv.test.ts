/** Convolution and its two gradients, however they are lowered, against sums written out in float64. */
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { useBackend } from "../index.ts";
import { draw } from "../testing/models.ts";

beforeAll(() => useBackend({ device: "cpu" }));

interface Axis {
  readonly size: number;
  readonly filter: number;
  readonly stride: number;
  readonly dilation: number;
  readonly before: number;
  readonly after: number;
}

interface Case {
  readonly batch: number;
  readonly channels: readonly [number, number];
  readonly axes: readonly [Axis, Axis];
}

const positionsOf = ({ size, filter, stride, dilation, before, after }: Axis) =>
  Math.floor((size + before + after - (filter - 1) * dilation - 1) / stride) + 1;

/** Calls `visit` with the flat indices of x, filter and y for every product of the sum. */
function eachProduct(
  { batch, channels: [cIn, cOut], axes: [down, right] }: Case,
  visit: (x: number, filter: number, y: number) => void,
): void {
  const [high, wide] = [positionsOf(down), positionsOf(right)];
  const taps = (axis: Axis) =>
    Array.from({ length: positionsOf(axis) * axis.filter }, (_, k) => {
      const [position, element] = [Math.floor(k / axis.filter), k % axis.filter];
      const read = position * axis.stride + element * axis.dilation - axis.before;
      return { position, element, read };
    }).filter(({ read }) => read >= 0 && read < axis.size);
  for (let n = 0; n < batch; n++)
    for (const i of taps(down))
      for (const j of taps(right))
        for (let a = 0; a < cIn; a++)
          for (let b = 0; b < cOut; b++) {
            visit(
              ((n * down.size + i.read) * right.size + j.read) * cIn + a,
              ((i.element * right.filter + j.element) * cIn + a) * cOut + b,
              ((n * high + i.position) * wide + j.position) * cOut + b,
            );
          }
}

function expectSums(one: Case): void {
  const { batch, channels, axes } = one;
  const [down, right] = axes;
  const x = draw([batch, down.size, right.size, channels[0]], 1) as tf.Tensor4D;
  const filter = draw([down.filter, right.filter, ...channels], 2) as tf.Tensor4D;
  const dy = draw([batch, positionsOf(down), positionsOf(right), channels[1]], 3) as tf.Tensor4D;
  const shared = {
    strides: [down.stride, right.stride],
    dilations: [down.dilation, right.dilation],
    pad: [
      [0, 0],
      [down.before, down.after],
      [right.before, right.after],
      [0, 0],
    ],
    dataFormat: "NHWC",
  };
  const run = (name: string, inputs: tf.NamedTensorMap, attributes = {}) =>
    tf.engine().runKernel(name, inputs, { ...shared, ...attributes } as unknown as tf.NamedAttrMap);
  const results = tf.tidy(() => {
    const [y, dx, dw] = [
      run(tf.Conv2D, { x, filter }),
      run(tf.Conv2DBackpropInput, { dy, filter }, { inputShape: x.shape }),
      run(tf.Conv2DBackpropFilter, { x, dy }, { filterShape: filter.shape }),
    ] as tf.Tensor[] as [tf.Tensor, tf.Tensor, tf.Tensor];
    return { y: y.dataSync(), dx: dx.dataSync(), dw: dw.dataSync() };
  });
  const values = { x: x.dataSync(), filter: filter.dataSync(), dy: dy.dataSync() };
  const sums = {
    y: new Float64Array(dy.size),
    dx: new Float64Array(x.size),
    dw: new Float64Array(filter.size),
  };
  const add = (
    to: Float64Array,
    at: number,
    left: number | undefined,
    other: number | undefined,
  ) => {
    to[at] = (to[at] as number) + (left as number) * (other as number);
  };
  eachProduct(one, (a, w, b) => {
    add(sums.y, b, values.x[a], values.filter[w]);
    add(sums.dx, a, values.dy[b], values.filter[w]);
    add(sums.dw, w, values.x[a], values.dy[b]);
  });
  tf.dispose([x, filter, dy]);
  for (const which of ["y", "dx", "dw"] as const) {
    const wanted = sums[which];
    expect(results[which].length).toBe(wanted.length);
    const scale = Math.sqrt(wanted.reduce((sum, value) => sum + value ** 2, 0) / wanted.length);
    const worst = wanted.reduce(
      (most, value, i) => Math.max(most, Math.abs(value - (results[which][i] as number))),
      0,
    );
    expect(worst, which).toBeLessThanOrEqual(3e-5 * Math.max(scale, 1e-30));
  }
}

const axis = (size: number, options: Partial<Axis> = {}): Axis => ({
  size,
  filter: 3,
  stride: 1,
  dilation: 1,
  before: 1,
  after: 1,
  ...options,
});

const square = (side: number, channels: [number, number], options: Partial<Axis> = {}): Case => ({
  batch: 2,
  channels,
  axes: [axis(side, options), axis(side, options)],
});

describe("every way to compute a convolution", () => {
  it.each<[string, Case]>([
    ["patches of small images", square(8, [8, 12])],
    ["patches, strided", square(16, [16, 24], { stride: 2 })],
    [
      "patches, strided, a row and a column that no group of pixels fills",
      square(15, [3, 5], { stride: 2 }),
    ],
    [
      "patches, a stride that passes over pixels",
      square(9, [2, 3], { filter: 1, stride: 3, before: 0, after: 0 }),
    ],
    ["pairs of positions, images in colour", square(16, [3, 16])],
    [
      "pairs of positions, strided down, the filter wider than high",
      {
        ...square(15, [3, 5]),
        axes: [axis(15, { stride: 2 }), axis(12, { filter: 5, before: 2, after: 2 })],
      },
    ],
    ["patches of images in colour, of an odd width", square(15, [3, 16])],
    ["patches of 16x16 images", square(16, [16, 32])],
    ["patches as large as the image", square(8, [6, 4], { filter: 8, before: 0, after: 0 })],
    ["Conv and products per image", square(16, [8, 8])],
    ["Conv, from more channels", square(20, [36, 5])],
    ["Conv and ConvTranspose", square(36, [8, 6], { stride: 2 })],
    ["Conv, dilated", square(20, [6, 7], { dilation: 2 })],
  ])("%s", (_name, one) => expectSums(one));

  it("agrees at any size, stride, dilation and padding", () => {
    const anyAxis = fc
      .record({
        size: fc.integer({ min: 1, max: 20 }),
        filter: fc.integer({ min: 1, max: 4 }),
        stride: fc.integer({ min: 1, max: 3 }),
        dilation: fc.integer({ min: 1, max: 2 }),
        before: fc.integer({ min: 0, max: 3 }),
        after: fc.integer({ min: 0, max: 3 }),
      })
      .filter((one) => {
        const { filter, before, after, stride, dilation } = one;
        return (
          Math.max(before, after) < filter &&
          positionsOf(one) > 0 &&
          // As tfjs's shape inference has it.
          (stride === 1 || dilation === 1)
        );
      });
    const anyCase = fc.record({
      batch: fc.integer({ min: 1, max: 3 }),
      channels: fc.tuple(fc.integer({ min: 1, max: 17 }), fc.integer({ min: 1, max: 17 })),
      axes: fc.tuple(anyAxis, anyAxis),
    });
    fc.assert(fc.property(anyCase, expectSums), { numRuns: 60 });
  });
});
