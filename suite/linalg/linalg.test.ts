import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { solveTriangular } from "../engine/custom/dense/triangular.ts";
import { engineCounters, resetEngineCounters, useBackend } from "../engine/index.ts";
import {
  cholesky,
  frobenius,
  inverseRoot,
  KEPT_PREVIOUS,
  largestEigenvalue,
  qr,
  spdInverse,
  spdInverses,
  symmetricEigen,
  symmetrize,
  trace,
  triangularSolve,
  triu,
} from "./index.ts";
import { geometric, powerOf, read, relativeError, uniforms, withSpectrum } from "./testing.ts";

const PRECISIONS = ["float32", "float64"] as const;
/** Around the sizes at which graphs take another shape. */
const ORDERS = [1, 3, 64, 150];
const order = fc.constantFrom(...ORDERS);
const seed = fc.integer({ min: 0, max: 1e9 });

describe.each(["reference", "onnxruntime"] as const)("on %s", (backend) => {
  beforeAll(async () => {
    await useBackend({ backend, threads: 2 });
  });

  /** Relative error that an inverse of this condition may have. */
  const bound = (precision: "float32" | "float64", condition: number) =>
    backend === "reference" || precision === "float64" ? 4e-7 : 4e-7 + 1e-7 * condition;

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
            expect(relativeError(inverse, expected)).toBeLessThan(bound(precision, condition));
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

  describe("largestEigenvalue", () => {
    test("finds the top of a spectrum, and its vector", () => {
      const matrix = withSpectrum([7, 3, 2, 1, 0.1], 11);
      const { value, vector, rounds } = largestEigenvalue(matrix);
      expect(read(value)).toBeCloseTo(7, 4);
      const image = tf.matMul(matrix, tf.reshape(vector, [5, 1]));
      expect(relativeError(tf.reshape(image, [5]), tf.mul(vector, 7).dataSync())).toBeLessThan(
        5e-3,
      );
      expect(read(rounds)).toBeLessThan(20);
    });

    test("a good start ends at once", () => {
      const matrix = withSpectrum([7, 3, 2, 1, 0.1], 11);
      const { vector } = largestEigenvalue(matrix, { tolerance: 1e-7 });
      expect(read(largestEigenvalue(matrix, { start: vector }).rounds)).toBeLessThanOrEqual(2);
    });

    test("zero, and not finite", () => {
      expect(read(largestEigenvalue(tf.zeros([3, 3])).value)).toBe(0);
      const start = tf.tensor1d([1, 0]);
      const { value, vector } = largestEigenvalue(tf.fill([2, 2], Number.NaN), { start });
      expect([read(value), ...vector.dataSync()]).toEqual([0, 1, 0]);
    });
  });

  describe("inverseRoot", () => {
    test("is within its stated error for every spectrum, p and ridge", () => {
      const powers = fc.constantFrom(2, 4, 6, 8);
      const ridges = fc.constantFrom(1, 1e-1, 1e-3, 1e-5);
      fc.assert(
        fc.property(order, powers, ridges, seed, (n, p, ridge, s) => {
          const matrix = withSpectrum(geometric(n, 1e8), s);
          const largest = tf.scalar(1);
          const expected = powerOf(matrix, -1 / p, ridge);
          for (const precision of PRECISIONS) {
            const result = inverseRoot(matrix, p, { ridge, largest, precision });
            expect(read(result.retries)).toBe(0);
            const double = backend === "reference" || precision === "float64";
            expect(relativeError(result.root, expected)).toBeLessThan(
              double ? 3e-7 : 2e-6 + 1e-8 / ridge,
            );
            expect(read(result.residual)).toBeLessThan(double ? 3e-6 : 0.01);
          }
        }),
        { numRuns: 8 },
      );
    });

    test("takes the largest eigenvalue itself where none is given", () => {
      const matrix = withSpectrum([4, 1, 0.25], 5);
      const { root } = inverseRoot(matrix, 2, { ridge: 1e-3 });
      expect(relativeError(root, powerOf(matrix, -1 / 2, 4e-3))).toBeLessThan(1e-5);
    });

    test("is one step of Shampoo: UVᵀ of the gradient's singular vectors", () => {
      const gradient = tf.tensor2d([1, -1, 0.5, 2], [2, 2]);
      const options = { ridge: 1e-3 };
      const left = inverseRoot(tf.matMul(gradient, gradient, false, true), 4, options);
      const right = inverseRoot(tf.matMul(gradient, gradient, true, false), 4, options);
      const step = tf.matMul(tf.matMul(left.root, gradient), right.root);
      // Golden value of the specification.
      const golden = [0.89264369, -0.44699016, 0.44632184, 0.89398031];
      expect(relativeError(step, golden)).toBeLessThan(3e-6);
    });

    test("a ridge that does not suffice grows to the first that does", () => {
      const matrix = tf.tensor2d([1, 0, 0, -3e-6], [2, 2]);
      const { root, retries } = inverseRoot(matrix, 4, { ridge: 0, precision: "float64" });
      expect(read(retries)).toBe(3);
      expect(relativeError(root, [1, 0, 0, (1e-5 - 3e-6) ** -0.25])).toBeLessThan(1e-4);
    });

    test("nothing works: the previous root, or the identity", () => {
      const previous = tf.tensor2d([5, 6, 6, 7], [2, 2]);
      for (const values of [
        [-1, 0, 0, -2],
        [Number.NaN, 1, 1, 1],
        [0, 0, 0, 0],
      ]) {
        const matrix = tf.tensor2d(values, [2, 2]);
        const kept = inverseRoot(matrix, 4, { ridge: 1e-3, previous });
        expect([read(kept.retries), read(kept.residual)]).toEqual([KEPT_PREVIOUS, 1]);
        expect([...kept.root.dataSync()]).toEqual([5, 6, 6, 7]);
        expect([...inverseRoot(matrix, 4, { ridge: 1e-3 }).root.dataSync()]).toEqual([1, 0, 0, 1]);
      }
    });
  });

  describe("symmetricEigen", () => {
    test("orthonormal vectors that diagonalize, values ascending", () => {
      const spectrum = [...geometric(40, 1e6), 0, 0, -0.5];
      const matrix = withSpectrum(spectrum, 21);
      const { values, vectors, ok } = symmetricEigen(matrix);
      expect(read(ok)).toBe(1);
      const ascending = spectrum.toSorted((a, b) => a - b);
      expect(relativeError(values, ascending)).toBeLessThan(1e-6);
      const rebuilt = tf.matMul(tf.mul(vectors, values), vectors, false, true);
      expect(relativeError(rebuilt, matrix.dataSync())).toBeLessThan(1e-6);
    });

    test("what is not finite is reported", () => {
      const { values, vectors, ok } = symmetricEigen(tf.tensor2d([1, 0, 0, Number.NaN], [2, 2]));
      expect([read(ok), ...values.dataSync(), ...vectors.dataSync()]).toEqual([
        0, 0, 0, 1, 0, 0, 1,
      ]);
    });
  });

  test("symmetrize, trace, frobenius, triu", () => {
    const matrix = tf.tensor2d([1, 2, 3, 4, 5, 6, 7, 8, 9], [3, 3]);
    expect([...symmetrize(matrix).dataSync()]).toEqual([1, 3, 5, 3, 5, 7, 5, 7, 9]);
    expect(read(trace(matrix))).toBe(15);
    expect(read(frobenius(matrix))).toBeCloseTo(Math.sqrt(285), 5);
    expect([...triu(matrix).dataSync()]).toEqual([1, 2, 3, 0, 5, 6, 0, 0, 9]);
    expect(read(trace(tf.tensor2d([[2]])))).toBe(2);
  });

  test("no tensor is left behind", () => {
    const matrix = withSpectrum([3, 2, 1], 1);
    const before = tf.memory().numTensors;
    tf.dispose([
      spdInverse(matrix, { damping: 1 }),
      cholesky(matrix),
      qr(matrix),
      triangularSolve(matrix, matrix),
      largestEigenvalue(matrix),
      inverseRoot(matrix, 4, { ridge: 1e-2 }),
      symmetricEigen(matrix),
      symmetrize(matrix),
      trace(matrix),
      frobenius(matrix),
      triu(matrix),
    ] as unknown as tf.TensorContainer);
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe("as a graph", () => {
  beforeAll(async () => {
    await useBackend({ backend: "onnxruntime", threads: 2 });
  });

  test("changing values recompile nothing, and only eigenvectors fall back", () => {
    const step = (k: number) =>
      tf.tidy(() => {
        const matrix = withSpectrum([4, 2, 1 + k], 7);
        const damping = tf.scalar(0.1 * (k + 1));
        const { inverse } = spdInverse(matrix, { damping });
        const { root } = inverseRoot(matrix, 4, { ridge: 1e-3, previous: inverse });
        return tf
          .matMul(triangularSolve(qr(root).r, cholesky(matrix).factor).solution, root)
          .dataSync();
      });
    // A written scalar is taken for a constant until it changes.
    for (const warmUp of [0, 1, 2]) step(warmUp);
    resetEngineCounters();
    step(3);
    step(4);
    expect(engineCounters()).toMatchObject({ compiles: 0, fallbacks: {} });
    symmetricEigen(tf.eye(2)).values.dataSync();
    expect(engineCounters().fallbacks).toEqual({ ReducedEigen: 1 });
  });

  test.each([
    [1e2, 2e-4],
    [1e4, 2e-4],
    [1e6, 3e-4],
    [1e8, 1e-3],
    [1e12, 1e-3],
  ])("inverse fourth root, order 64, ridge 1e-6, condition %f", (condition, single) => {
    const matrix = withSpectrum(geometric(64, condition), 5);
    const largest = tf.scalar(1);
    const ridge = 1e-6;
    const expected = powerOf(matrix, -1 / 4, ridge);
    const root = (precision: "float32" | "float64") =>
      inverseRoot(matrix, 4, { ridge, largest, precision });
    expect(relativeError(root("float32").root, expected)).toBeLessThan(single);
    expect(relativeError(root("float64").root, expected)).toBeLessThan(3e-7);
  });
});

test("wrong arguments name what was given and what is allowed", () => {
  const wide = tf.zeros([2, 3]) as tf.Tensor2D;
  const square = tf.eye(2);
  expect(() => spdInverse(wide, { damping: 1 })).toThrow(
    /square float32 matrix.*got float32 \[2,3\]/,
  );
  expect(() => spdInverse(square, { damping: 1, previous: wide })).toThrow(
    /previous.*\[2,2\].*\[2,3\]/,
  );
  expect(() => qr(wide)).toThrow(/m ≥ n/);
  expect(() => triangularSolve(square, wide, { side: "right" })).toThrow(/rhs on the right/);
  expect(() => inverseRoot(square, 1, { ridge: 1 })).toThrow(/at least 2; got 1/);
  expect(() => inverseRoot(square, 4, { ridge: -1 })).toThrow(/ridge.*got -1/);
});
