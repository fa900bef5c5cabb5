import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { solveTriangular } from "../engine/custom/dense/triangular.ts";
import { useBackend } from "../engine/index.ts";
import { cholesky, qr, triangularSolve, triu } from "./index.ts";
import {
  BACKENDS,
  geometric,
  ORDERS,
  order,
  PRECISIONS,
  read,
  relativeError,
  seed,
  uniforms,
  withSpectrum,
} from "./testing.ts";

describe.each(BACKENDS)("on %s", (backend) => {
  beforeAll(async () => {
    await useBackend({ backend, threads: 2 });
  });

  describe("cholesky", () => {
    test("L is lower and L Lᵀ is the matrix", () => {
      fc.assert(
        fc.property(order, seed, fc.integer({ min: 0, max: 4 }), (n, s, digits) => {
          const matrix = withSpectrum(geometric(n, 10 ** digits), s);
          for (const precision of PRECISIONS) {
            const { factor, ok } = cholesky(matrix, { precision });
            expect(read(ok)).toBe(1);
            const product = tf.matMul(factor, factor, false, true);
            expect(relativeError(product, matrix.dataSync())).toBeLessThan(1e-6);
            expect(
              read(tf.max(tf.abs(tf.sub(triu(tf.transpose(factor)), tf.transpose(factor))))),
            ).toBe(0);
          }
        }),
        { numRuns: 6 },
      );
    });

    test("an indefinite matrix is reported, with the identity", () => {
      const { factor, ok } = cholesky(tf.tensor2d([1, 2, 2, 1], [2, 2]));
      expect(read(ok)).toBe(0);
      expect([...factor.dataSync()]).toEqual([1, 0, 0, 1]);
    });
  });

  describe("triangularSolve", () => {
    test("agrees with substitution in float64 in all eight forms", () => {
      for (const n of ORDERS) {
        const values = uniforms(n * n, n).map((x, at) => (at % (n + 1) === 0 ? 2 + x : x / n));
        const triangular = tf.tensor2d(Float32Array.from(values), [n, n]);
        const rhs = tf.tensor2d(Float32Array.from(uniforms(n * 3, 5)), [n, 3]);
        for (const lower of [true, false]) {
          for (const transpose of [true, false]) {
            for (const side of ["left", "right"] as const) {
              const form = { lower, transpose, side };
              const b = side === "left" ? rhs : (tf.transpose(rhs) as tf.Tensor2D);
              const { solution, ok } = triangularSolve(triangular, b, form);
              expect(read(ok)).toBe(1);
              const expected = solveTriangular(triangular.dataSync(), n, b.dataSync(), 3, form);
              expect(relativeError(solution, expected as Float64Array)).toBeLessThan(2e-6);
            }
          }
        }
      }
    });

    test("a singular or infinite system is reported, with zeros", () => {
      const rhs = tf.tensor2d([1, Number.POSITIVE_INFINITY], [2, 1]);
      const singular = tf.tensor2d([1, 0, 1, 0], [2, 2]);
      for (const [t, b] of [
        [singular, tf.ones([2, 1])],
        [tf.eye(2), rhs],
      ] as [tf.Tensor2D, tf.Tensor2D][]) {
        const { solution, ok } = triangularSolve(t, b);
        expect(read(ok)).toBe(0);
        expect([...solution.dataSync()]).toEqual([0, 0]);
      }
    });
  });

  describe("qr", () => {
    test("orthonormal, upper triangular, non-negative diagonal, and exact", () => {
      fc.assert(
        fc.property(order, fc.constantFrom(0, 5), seed, (n, extra, s) => {
          const m = n + extra;
          const matrix = tf.tensor2d(Float32Array.from(uniforms(m * n, s)), [m, n]);
          for (const precision of PRECISIONS) {
            const { q, r, ok } = qr(matrix, { precision });
            expect(read(ok)).toBe(1);
            expect(relativeError(tf.matMul(q, r), matrix.dataSync())).toBeLessThan(3e-6);
            const gram = tf.matMul(q, q, true, false);
            expect(relativeError(gram, tf.eye(n).dataSync())).toBeLessThan(3e-6);
            expect(relativeError(triu(r), r.dataSync())).toBeLessThan(1e-12);
            expect(read(tf.min(tf.sum(tf.mul(r, tf.eye(n)), 1)))).toBeGreaterThanOrEqual(0);
          }
        }),
        { numRuns: 6 },
      );
    });

    test("dependent columns: still orthonormal", () => {
      const matrix = tf.tensor2d([1, 2, 0, 1, 2, 0, 1, 2, 0], [3, 3]);
      const { q, ok } = qr(matrix);
      expect(read(ok)).toBe(1);
      const gram = tf.matMul(q, q, true, false);
      expect(relativeError(gram, tf.eye(3).dataSync())).toBeLessThan(1e-6);
    });

    test("what is not finite is reported", () => {
      const { q, r, ok } = qr(tf.tensor2d([1, Number.NaN, 0, 1], [2, 2]));
      expect(read(ok)).toBe(0);
      expect([...q.dataSync(), ...r.dataSync()]).toEqual([1, 0, 0, 1, 0, 0, 0, 0]);
    });
  });
});
