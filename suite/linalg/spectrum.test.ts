import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { useBackend } from "../engine/index.ts";
import {
  inverseRoot,
  inverseRootProduct,
  inverseRootProducts,
  KEPT_PREVIOUS,
  largestEigenvalue,
  symmetricEigen,
} from "./index.ts";
import {
  BACKENDS,
  geometric,
  order,
  PRECISIONS,
  powerOf,
  read,
  reflected,
  relativeError,
  seed,
  uniforms,
  withSpectrum,
} from "./testing.ts";

describe.each(BACKENDS)("on %s", (backend) => {
  beforeAll(async () => {
    await useBackend({ backend, threads: 2 });
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

    test("a start that is another eigenvector is not taken for the top", () => {
      const matrix = tf.tensor2d([2, 0, 0, 0, 3, 0, 0, 0, 1], [3, 3]);
      const start = tf.tensor1d([1, 0, 0]);
      const { value, vector, rounds } = largestEigenvalue(matrix, { start });
      expect(read(value)).toBeCloseTo(3, 4);
      expect(Math.abs(vector.dataSync()[1] as number)).toBeCloseTo(1, 2);
      // Those from the other start, of which the first twelve are not watched.
      expect(read(rounds)).toBeGreaterThan(12);
      const few = largestEigenvalue(matrix, { start, iterations: 14, tolerance: 0 });
      expect(read(few.rounds)).toBe(14);
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

    // From order 512 on a stack's zeros and mirrored halves are left out.
    test.skipIf(backend === "reference")("is within its stated error at order 530", () => {
      const [n, spectrum, ridge, p] = [530, geometric(530, 1e6), 1e-4, 4];
      const matrix = tf.tensor2d(Float32Array.from(reflected(spectrum, n)), [n, n]);
      const { root, retries } = inverseRoot(matrix, p, { ridge, largest: tf.scalar(1) });
      expect(read(retries)).toBe(0);
      const powers = spectrum.map((value) => (value + ridge) ** (-1 / p));
      expect(relativeError(root, reflected(powers, n))).toBeLessThan(2e-6 + 1e-8 / ridge);
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

  describe("inverseRootProduct", () => {
    const rowsOf = (m: number, n: number) =>
      tf.tensor2d(Float32Array.from(uniforms(m * n, m + n)), [m, n]);

    test("is the rows' product with the root, within its error", () => {
      const powers = fc.constantFrom(2, 4, 6);
      const ridges = fc.constantFrom(1, 1e-1, 1e-3, 1e-5);
      fc.assert(
        fc.property(order, fc.constantFrom(1, 7), powers, ridges, seed, (n, m, p, ridge, s) => {
          const matrix = withSpectrum(geometric(n, 1e8), s);
          const root = tf.tensor2d(Float32Array.from(powerOf(matrix, -1 / p, ridge)), [n, n]);
          const rows = rowsOf(m, n);
          const expected = tf.matMul(rows, root).dataSync();
          for (const precision of PRECISIONS) {
            const options = { ridge, largest: tf.scalar(1), precision };
            const { product, retries } = inverseRootProduct(rows, matrix, p, options);
            expect(read(retries)).toBe(0);
            const double = backend === "reference" || precision === "float64";
            expect(relativeError(product, expected)).toBeLessThan(
              double ? 5e-7 : 2e-6 + 1e-8 / ridge,
            );
          }
        }),
        { numRuns: 8 },
      );
    });

    // From 512 on zeros are left out of the products; of 1,600 two groups are factored, of 2,900 one by one.
    test.skipIf(backend === "reference").each([530, 1600, 2900])("is so at order %i", (n) => {
      const [spectrum, ridge, p] = [geometric(n, 1e6), 1e-4, 4];
      const matrix = tf.tensor2d(Float32Array.from(reflected(spectrum, n)), [n, n]);
      const powers = spectrum.map((value) => (value + ridge) ** (-1 / p));
      const root = tf.tensor2d(Float32Array.from(reflected(powers, n)), [n, n]);
      const rows = rowsOf(20, n);
      const options = { ridge, largest: tf.scalar(1) };
      const { product, retries } = inverseRootProduct(rows, matrix, p, options);
      expect(read(retries)).toBe(0);
      expect(relativeError(product, tf.matMul(rows, root).dataSync())).toBeLessThan(
        2e-6 + 1e-8 / ridge,
      );
    });

    test("a ridge that does not suffice grows to the first that does", () => {
      const matrix = tf.tensor2d([1, 0, 0, -3e-6], [2, 2]);
      const rows = tf.tensor2d([2, 1], [1, 2]);
      const options = { ridge: 0, largest: tf.scalar(1), precision: "float64" } as const;
      const { product, retries } = inverseRootProduct(rows, matrix, 4, options);
      expect(read(retries)).toBe(3);
      expect(relativeError(product, [2, (1e-5 - 3e-6) ** -0.25])).toBeLessThan(1e-4);
    });

    test("nothing works: the rows themselves", () => {
      const rows = tf.tensor2d([5, 6], [1, 2]);
      for (const values of [
        [-1, 0, 0, -2],
        [Number.NaN, 1, 1, 1],
        [0, 0, 0, 0],
      ]) {
        const matrix = tf.tensor2d(values, [2, 2]);
        const { product, retries } = inverseRootProduct(rows, matrix, 4, { ridge: 1e-3 });
        expect([read(retries), ...product.dataSync()]).toEqual([KEPT_PREVIOUS, 5, 6]);
      }
    });

    test("several at once are what each is alone, one that fails among them", () => {
      const kinds = [
        [150, 9, 4],
        [3, 1, 4],
        [150, 20, 4],
        [150, 5, 2],
        [150, 2, 4],
      ] as const;
      for (const precision of PRECISIONS) {
        const products = kinds.map(([n, m, p], i) => ({
          matrix: withSpectrum([...geometric(n - 1, 1e3), i === 2 ? -4e-4 : 1e-3], i),
          largest: tf.scalar(1),
          rows: rowsOf(m, n),
          p,
        }));
        const options = { ridge: 1e-4, precision };
        const together = inverseRootProducts(products, options);
        for (const [i, { matrix, rows, p, largest }] of products.entries()) {
          const alone = inverseRootProduct(rows, matrix, p, { ...options, largest });
          expect(together[i]?.product.dataSync()).toEqual(alone.product.dataSync());
          expect(read(together[i]?.retries as tf.Scalar)).toBe(i === 2 ? 1 : 0);
        }
      }
    });

    test("what does not fit is named", () => {
      const rows = tf.ones<tf.Rank.R2>([3, 4]);
      const options = { ridge: 1e-3 };
      expect(() => inverseRootProduct(rows, tf.eye(3), 4, options)).toThrow(
        /inverseRootProduct: rows/,
      );
      expect(() => inverseRootProduct(rows, tf.eye(4), 1, options)).toThrow(/at least 2; got 1/);
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
});

test("products of one order are made together, as many as factor all their fractions at once", async () => {
  await useBackend({ backend: "onnxruntime", threads: 2 });
  const calls = vi.spyOn(tf.engine(), "runKernel");
  const orders = [512, 3, 1024, 512, 512, 1024, 512, 3, 512];
  const made = inverseRootProducts(
    orders.map((n) => ({
      matrix: tf.mul(tf.eye(n), n),
      rows: tf.ones<tf.Rank.R2>([1, n]),
      largest: tf.scalar(n),
      p: 2,
    })),
    { ridge: 1e-2 },
  );
  const together = calls.mock.calls.filter(([name]) => name === "InverseRootProduct");
  calls.mockRestore();
  expect(together.map(([, inputs]) => (inputs as unknown as tf.Tensor[]).length / 3)).toEqual([
    4, 1, 2, 1, 1,
  ]);
  orders.forEach((n, i) => {
    const values = made[i]?.product.dataSync();
    expect(values).toHaveLength(n);
    expect(values?.[n - 1]).toBeCloseTo((1.01 * n) ** -0.5, 5);
  });
});
