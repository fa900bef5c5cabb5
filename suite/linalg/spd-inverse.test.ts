import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { useBackend } from "../engine/index.ts";
import { KEPT_PREVIOUS, spdInverse, spdInverses } from "./index.ts";
import {
  BACKENDS,
  geometric,
  order,
  PRECISIONS,
  powerOf,
  read,
  relativeError,
  rounding,
  seed,
  uniforms,
  withSpectrum,
} from "./testing.ts";

describe.each(BACKENDS)("on %s", (backend) => {
  beforeAll(async () => {
    await useBackend({ backend, threads: 2 });
  });

  describe("spdInverse", () => {
    test("is within rounding for every condition, in both precisions", () => {
      fc.assert(
        fc.property(order, seed, fc.integer({ min: 0, max: 5 }), (n, s, digits) => {
          const condition = 10 ** digits;
          const matrix = withSpectrum(geometric(n, condition), s);
          const damping = 1 / condition;
          const expected = powerOf(matrix, -1, damping);
          for (const precision of PRECISIONS) {
            const { inverse, retries } = spdInverse(matrix, { damping, precision });
            expect(read(retries)).toBe(0);
            expect(relativeError(inverse, expected)).toBeLessThan(
              rounding(backend, precision, condition),
            );
          }
        }),
        { numRuns: 8 },
      );
    });

    test("float64 keeps a damping that float32 would round away", () => {
      const matrix = withSpectrum([1, 0.5, ...new Array(8).fill(0)], 3);
      const { inverse, retries } = spdInverse(matrix, { damping: 1e-6, precision: "float64" });
      expect(read(retries)).toBe(0);
      expect(relativeError(inverse, powerOf(matrix, -1, 1e-6))).toBeLessThan(3e-6);
    });

    test("float64 bears a condition of 1e10", () => {
      // Exactly of rank 12: multiples of 1/64.
      const n = 150;
      const rows = uniforms(n * 12, 7).map((x) => Math.round(x * 64) / 64);
      const half = tf.tensor2d(Float32Array.from(rows), [n, 12]);
      const matrix = tf.matMul(half, half, false, true) as tf.Tensor2D;
      const damping = 1e-9;
      const { inverse, retries } = spdInverse(matrix, { damping, precision: "float64" });
      expect(read(retries)).toBe(0);
      expect(relativeError(inverse, powerOf(matrix, -1, damping))).toBeLessThan(1e-3);
    });

    test("a damping that does not suffice grows to the first that does", () => {
      // max(10λ, 1e-7 tr/d) from 0: 1e-7, 1e-6, ... of the mean eigenvalue 0.5.
      const matrix = tf.tensor2d([1, 0, 0, -3e-6], [2, 2]);
      const { inverse, retries } = spdInverse(matrix, { damping: 0 });
      expect(read(retries)).toBe(3);
      const lambda = 5e-6;
      expect(relativeError(inverse, [1 / (1 + lambda), 0, 0, 1 / (lambda - 3e-6)])).toBeLessThan(
        1e-5,
      );
    });

    test("nothing works: the previous inverse, or the identity", () => {
      const previous = tf.tensor2d([5, 6, 6, 7], [2, 2]);
      for (const values of [
        [1, 2, 2, 1],
        [Number.NaN, 1, 1, 1],
        [Number.POSITIVE_INFINITY, 0, 0, 1],
        [0, 0, 0, 0],
      ]) {
        const matrix = tf.tensor2d(values, [2, 2]);
        for (const precision of PRECISIONS) {
          const kept = spdInverse(matrix, { damping: 0, previous, precision });
          expect(read(kept.retries)).toBe(KEPT_PREVIOUS);
          expect([...kept.inverse.dataSync()]).toEqual([5, 6, 6, 7]);
          const alone = spdInverse(matrix, { damping: 0, precision });
          expect([...alone.inverse.dataSync()]).toEqual([1, 0, 0, 1]);
        }
      }
    });

    test("the damping may be a graph value, and 1 × 1 works", () => {
      const { inverse } = spdInverse(tf.tensor2d([[3]]), { damping: tf.square(1) });
      expect(read(inverse)).toBeCloseTo(0.25, 6);
    });
  });

  describe("spdInverses", () => {
    test("gives what one by one would, each with its own damping, retries and fallback", () => {
      const good = withSpectrum(geometric(5, 10), 1);
      const failing = tf.tensor2d([1, 0, 0, -3e-6], [2, 2]);
      const hopeless = tf.fill([5, 5], Number.NaN) as tf.Tensor2D;
      const previous = tf.fill([5, 5], 3) as tf.Tensor2D;
      const requests = [
        { matrix: good, damping: 0.1, previous },
        { matrix: failing, damping: 0 },
        { matrix: hopeless, damping: 1, previous },
        { matrix: good, damping: tf.scalar(2), previous },
        { matrix: tf.eye(2), damping: 1 },
        { matrix: tf.tensor2d([[4]]), damping: 0 },
      ];
      const together = spdInverses(requests);
      for (const [i, { matrix, ...options }] of requests.entries()) {
        const { inverse, retries } = spdInverse(matrix, options);
        const result = together[i];
        expect(read(result?.retries as tf.Tensor)).toBe(read(retries));
        expect(relativeError(result?.inverse as tf.Tensor, inverse.dataSync())).toBeLessThan(1e-6);
      }
      expect(together.map(({ retries }) => read(retries))).toEqual([0, 3, KEPT_PREVIOUS, 0, 0, 0]);
    });
  });
});
