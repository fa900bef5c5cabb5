import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeAll, describe, it } from "vitest";
import { useBackend } from "../engine/index.ts";
import { extractPatches } from "./patches.ts";
import { expectClose, TESTED_BACKENDS, testRandom } from "./testing/support.ts";

const side = fc.integer({ min: 3, max: 7 });
const geometry = fc.record({
  n: fc.integer({ min: 1, max: 3 }),
  h: side,
  w: side,
  channelsIn: fc.integer({ min: 1, max: 3 }),
  channelsOut: fc.integer({ min: 1, max: 3 }),
  kernel: fc.integer({ min: 1, max: 3 }),
  stride: fc.integer({ min: 1, max: 3 }),
  padding: fc.integer({ min: 0, max: 2 }),
});

describe.each(TESTED_BACKENDS)("patches on the %s backend", (backend) => {
  beforeAll(async () => {
    await useBackend({ backend, threads: 1 });
  });

  it("times the kernel are the convolution, for any geometry", () => {
    const random = testRandom();
    const draw = (shape: [number, number, number, number]) =>
      tf.tensor4d(random.normal(tf.util.sizeFromShape(shape)), shape);
    fc.assert(
      fc.property(geometry, ({ n, h, w, channelsIn, channelsOut, ...window }) => {
        tf.tidy(() => {
          const { kernel, stride, padding } = window;
          const images = draw([n, h, w, channelsIn]);
          const weight = draw([kernel, kernel, channelsIn, channelsOut]);
          const sides: [number, number] = [padding, padding];
          const wanted = tf.conv2d(images, weight, stride, [[0, 0], sides, sides, [0, 0]]);
          const patches = extractPatches(images, window);
          const product = tf.matMul(patches, tf.reshape(weight, [-1, channelsOut]));
          expectClose(tf.reshape(product, wanted.shape), wanted);
        });
      }),
      { numRuns: 25 },
    );
  });
});
