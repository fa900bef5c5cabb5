import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { useBackend } from "../engine/index.ts";
import { countCorrect, crossEntropy, sampleOneHot } from "./losses.ts";
import { TESTED_BACKENDS } from "./testing/support.ts";

describe.each(TESTED_BACKENDS)("losses on the %s backend", (backend) => {
  beforeAll(async () => {
    await useBackend({ backend, threads: 1 });
  });

  it("stay finite for logits of any size", () => {
    tf.tidy(() => {
      const logits = tf.tensor2d([
        [1e4, -1e4, 0],
        [-1e4, -1e4, -1e4],
      ]);
      const labels = tf.tensor1d([1, 2], "int32");
      const { value, grads } = tf.engine().gradients(() => crossEntropy(logits, labels), [logits]);
      expect(value.dataSync()[0]).toBeCloseTo((2e4 + Math.log(3)) / 2, 2);
      const [gradient] = grads as [tf.Tensor];
      const third = 1 / 6;
      const wanted = [0.5, -0.5, 0, third, third, third - 0.5];
      gradient.dataSync().forEach((x, i) => {
        expect(x).toBeCloseTo(wanted[i] as number, 5);
      });
    });
  });

  it("divide by the terms of the whole batch where told", () => {
    tf.tidy(() => {
      const logits = tf.tensor2d([
        [1, 2, 0],
        [0, 1, -1],
      ]);
      const labels = tf.tensor1d([1, 2], "int32");
      const [mean] = crossEntropy(logits, labels, 0.1).dataSync();
      const [share] = crossEntropy(logits, labels, 0.1, 10).dataSync();
      expect(share).toBeCloseTo((mean as number) / 5, 6);
    });
  });

  it("count rows whose largest logit is the label's", () => {
    tf.tidy(() => {
      const logits = tf.tensor2d([
        [1, 2, 0],
        [3, 1, -1],
        [0, 0, 1],
      ]);
      expect(countCorrect(logits, tf.tensor1d([1, 1, 2], "int32")).dataSync()[0]).toBe(2);
    });
  });

  it("draw exactly one possible label per row, whatever the uniform", () => {
    const probability = fc.oneof(
      fc.constant(0),
      fc.float({ min: Math.fround(1e-6), max: 1, noNaN: true }),
    );
    const row = fc.record({
      weights: fc
        .array(probability, { minLength: 4, maxLength: 4 })
        .filter((weights) => weights.some((weight) => weight > 0)),
      uniform: fc.oneof(
        fc.constantFrom(0, Math.fround(1 - 2 ** -24)),
        fc.float({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      ),
    });
    fc.assert(
      fc.property(row, ({ weights, uniform }) => {
        tf.tidy(() => {
          const total = weights.reduce((sum, weight) => sum + weight, 0);
          const probabilities = tf.tensor2d([weights.map((weight) => weight / total)]);
          const drawn = sampleOneHot(probabilities, tf.tensor1d([uniform])).dataSync();
          const label = drawn.indexOf(1);
          expect([...drawn].filter((x) => x !== 0)).toEqual([1]);
          expect(weights[label]).toBeGreaterThan(0);
        });
      }),
      { numRuns: 50 },
    );
  });

  it("draw each label with its probability", () => {
    tf.tidy(() => {
      const count = 1000;
      const probabilities = tf.tile(tf.tensor2d([[0.2, 0.5, 0.3]]), [count, 1]);
      const even = Float32Array.from({ length: count }, (_, i) => (i + 0.5) / count);
      const drawn = sampleOneHot(probabilities as tf.Tensor2D, tf.tensor1d(even));
      const shares = tf.mean(drawn, 0).dataSync();
      [0.2, 0.5, 0.3].forEach((share, i) => {
        expect(Math.abs((shares[i] as number) - share)).toBeLessThanOrEqual(2 / count);
      });
    });
  });
});
