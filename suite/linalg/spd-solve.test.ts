import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { timesTransposed } from "../engine/custom/dense/product.ts";
import { useBackend } from "../engine/index.ts";
import { KEPT_PREVIOUS, spdSolve, spdSolves } from "./index.ts";
import {
  BACKENDS,
  geometric,
  ORDERS,
  PRECISIONS,
  powerOf,
  read,
  relativeError,
  rounding,
  seed,
  uniforms,
  withSpectrum,
} from "./testing.ts";

const ones = (n: number, columns = 1) => tf.ones<tf.Rank.R2>([n, columns]);

describe.each(BACKENDS)("spdSolve on %s", (backend) => {
  beforeAll(async () => {
    await useBackend({ backend, threads: 2 });
  });

  test("is within rounding for every condition, in both precisions", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...ORDERS),
        fc.constantFrom(1, 3),
        seed,
        fc.integer({ min: 0, max: 5 }),
        (n, columns, s, digits) => {
          const condition = 10 ** digits;
          const matrix = withSpectrum(geometric(n, condition), s);
          const damping = 1 / condition;
          const rhs = tf.tensor2d(Float32Array.from(uniforms(n * columns, s + 1)), [n, columns]);
          const inverse = powerOf(matrix, -1, damping);
          const rows = Float64Array.from(tf.transpose(rhs).dataSync());
          const expected = timesTransposed(inverse, n, rows, columns, n);
          for (const precision of PRECISIONS) {
            const { solution, retries } = spdSolve(matrix, rhs, { damping, precision });
            expect(read(retries)).toBe(0);
            expect(relativeError(solution, expected)).toBeLessThan(
              rounding(backend, precision, condition),
            );
          }
        },
      ),
      { numRuns: 12 },
    );
  });

  test("a damping that does not suffice grows to the first that does", () => {
    const matrix = tf.tensor2d([1, 0, 0, -3e-6], [2, 2]);
    const { solution, retries } = spdSolve(matrix, ones(2), { damping: 0 });
    expect(read(retries)).toBe(3);
    expect(relativeError(solution, [1 / (1 + 5e-6), 1 / 2e-6])).toBeLessThan(1e-5);
  });

  test("nothing works: the right-hand side", () => {
    for (const values of [
      [1, 2, 2, 1],
      [Number.NaN, 1, 1, 1],
      [Number.POSITIVE_INFINITY, 0, 0, 1],
      [0, 0, 0, 0],
    ]) {
      const rhs = tf.tensor2d([5, 6], [2, 1]);
      const { solution, retries } = spdSolve(tf.tensor2d(values, [2, 2]), rhs, { damping: 0 });
      expect(read(retries)).toBe(KEPT_PREVIOUS);
      expect([...solution.dataSync()]).toEqual([5, 6]);
    }
  });

  test("the damping may be a graph value, and 1 × 1 works", () => {
    const { solution } = spdSolve(tf.tensor2d([[3]]), ones(1, 2), { damping: tf.square(1) });
    expect(relativeError(solution, [0.25, 0.25])).toBeLessThan(1e-6);
  });

  test.each(PRECISIONS)(
    "systems of all orders at once have the bits of each alone, %s",
    (precision) => {
      const orders = [150, 1, 64, 70, 150, 3, 65];
      const systems = orders.map((n, i) => {
        const columns = 1 + (i % 3);
        const rhs = tf.tensor2d(Float32Array.from(uniforms(n * columns, i)), [n, columns]);
        return { matrix: withSpectrum(geometric(n, 100), i), rhs, damping: 0.01 * i };
      });
      const together = spdSolves(systems, { precision });
      systems.forEach(({ matrix, rhs, damping }, i) => {
        const alone = spdSolve(matrix, rhs, { damping, precision });
        expect(together[i]?.solution.dataSync()).toEqual(alone.solution.dataSync());
        expect(read(together[i]?.retries as tf.Scalar)).toBe(0);
      });
    },
  );

  test("each of many systems has its own retries, whatever becomes of the others", () => {
    const [good, bad] = [tf.tensor2d([2, 0, 0, 4], [2, 2]), tf.tensor2d([1, 2, 2, 1], [2, 2])];
    const weak = tf.tensor2d([1, 0, 0, -3e-6], [2, 2]);
    const systems = [weak, good, bad, tf.fill<tf.Rank.R2>([2, 2], Number.NaN), good];
    const solved = spdSolves(systems.map((matrix) => ({ matrix, rhs: ones(2), damping: 0 })));
    expect(solved.map(({ retries }) => read(retries))).toEqual([
      3,
      0,
      KEPT_PREVIOUS,
      KEPT_PREVIOUS,
      0,
    ]);
    const wanted = [
      [1 / (1 + 5e-6), 1 / 2e-6],
      [0.5, 0.25],
      [1, 1],
      [1, 1],
      [0.5, 0.25],
    ];
    solved.forEach(({ solution }, i) => {
      expect(relativeError(solution, wanted[i] as number[])).toBeLessThan(1e-5);
    });
    expect(spdSolves([])).toEqual([]);
  });

  test("a right-hand side that does not fit is refused", () => {
    expect(() => spdSolve(tf.eye(3), ones(2), { damping: 1 })).toThrow(
      "spdSolve: rhs must have shape [3,1]; got [2,1].",
    );
  });
});

/** Blocks of leaves of 128, complements in blocks, and a last leaf that is padded. */
test("a large system leaves a small residual", async () => {
  await useBackend({ backend: "onnxruntime", threads: 2 });
  const n = 1500;
  const half = tf.tensor2d(Float32Array.from(uniforms(n * 40, 5)), [n, 40]);
  const matrix = tf.matMul(half, half, false, true) as tf.Tensor2D;
  const rhs = tf.tensor2d(Float32Array.from(uniforms(n, 6)), [n, 1]);
  const damping = 0.1;
  for (const precision of PRECISIONS) {
    const { solution, retries } = spdSolve(matrix, rhs, { damping, precision });
    expect(read(retries)).toBe(0);
    const back = tf.add(tf.matMul(matrix, solution), tf.mul(solution, damping));
    expect(relativeError(back, rhs.dataSync())).toBeLessThan(1e-4);
  }
});

test("large systems are solved alone, and small ones by so many as fit, in order", async () => {
  await useBackend({ backend: "onnxruntime", threads: 2 });
  const calls = vi.spyOn(tf.engine(), "runKernel");
  const orders = [700, 3, 1100, 900, 3, ...Array(20).fill(1000)];
  const systems = orders.map((n) => ({ matrix: tf.eye(n), rhs: ones(n), damping: n }));
  const solved = spdSolves(systems);
  const together = calls.mock.calls.filter(([name]) => name === "SpdSolve");
  calls.mockRestore();
  expect(together.map(([, inputs]) => (inputs as unknown as tf.Tensor[]).length / 3)).toEqual([
    2, 1, 17, 5,
  ]);
  orders.forEach((n, i) => {
    expect(solved[i]?.solution.shape).toEqual([n, 1]);
    expect(read(solved[i]?.solution as tf.Tensor)).toBeCloseTo(1 / (1 + n), 6);
  });
});
