import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { useBackend } from "../engine/index.ts";
import { bfgsUpdate, doubleDamping, identity } from "./bfgs.ts";
import {
  asRows,
  choleskyOf,
  distance,
  dot,
  gramOf,
  identity as identityMatrix,
  type Matrix,
  matrices,
  multiply,
  shifted,
  solve,
} from "./testing/matrix.ts";
import { readOracle } from "./testing/oracle.ts";

beforeAll(() => useBackend({ backend: "reference" }));

const column = (values: readonly number[]) => tf.tensor2d([...values], [values.length, 1]);

interface Updated {
  readonly inverse: Matrix;
  readonly updated: boolean;
}

function update(h: Matrix, s: readonly number[], y: readonly number[], least = 0): Updated {
  return tf.tidy(() => {
    const result = bfgsUpdate(tf.tensor2d(h), { s: column(s), y: column(y) }, least);
    const inverse = asRows([...result.inverse.dataSync()], h.length);
    return {
      inverse,
      updated: result.updated.dataSync()[0] === 1,
    } as unknown as tf.TensorContainer;
  }) as unknown as Updated;
}

function damp(h: Matrix, s: readonly number[], y: readonly number[], alpha: number) {
  return tf.tidy(() => {
    const damped = doubleDamping(tf.tensor2d(h), { s: column(s), y: column(y) }, alpha);
    return {
      s: [...damped.s.dataSync()],
      y: [...damped.y.dataSync()],
    } as unknown as tf.TensorContainer;
  }) as unknown as { s: number[]; y: number[] };
}

interface Golden {
  readonly name: string;
  readonly H: Matrix;
  readonly s: number[];
  readonly y: number[];
  readonly damping: number;
  readonly dampedS: number[];
  readonly dampedY: number[];
  readonly expected: Matrix;
  readonly skipped: boolean;
}

it.each(readOracle<Golden>("kbfgs").golden)("golden values: $name", (golden) => {
  const { H, damping, dampedS, dampedY, expected, skipped } = golden;
  const damped = damp(H, golden.s, golden.y, Math.sqrt(damping));
  expect(distance([damped.s, damped.y], [dampedS, dampedY])).toBeLessThan(1e-5);
  const { inverse, updated } = update(H, damped.s, damped.y);
  expect(updated).toBe(!skipped);
  expect(distance(inverse, expected)).toBeLessThan(1e-5);
});

/** Positive definite, smallest eigenvalue at least .5. */
const definite = matrices(4, 4).map((x) => shifted(gramOf(x, 0.25), 0.5));
const vector = matrices(1, 4)
  .map(([x]) => x as number[])
  .filter((x) => dot(x, x) > 0.1);
const times = (h: Matrix, x: readonly number[]): number[] =>
  multiply(
    h,
    x.map((value) => [value]),
  ).flat();

describe("bfgsUpdate", () => {
  it("maps y to s and stays positive definite", () => {
    fc.assert(
      fc.property(definite, definite, vector, (h, hessian, s) => {
        const y = times(hessian, s);
        const { inverse, updated } = update(h, s, y);
        expect(updated).toBe(true);
        expect(distance([times(inverse, y)], [s])).toBeLessThan(1e-3);
        expect(choleskyOf(inverse).flat().every(Number.isFinite)).toBe(true);
      }),
    );
  });

  it("recovers the inverse from as many Hessian-conjugate pairs as dimensions", () => {
    fc.assert(
      fc.property(definite, (hessian) => {
        const conjugate: number[][] = [];
        for (const axis of identityMatrix(4)) {
          const others = conjugate.map((d) => {
            const by = dot(axis, times(hessian, d)) / dot(d, times(hessian, d));
            return d.map((x) => x * by);
          });
          conjugate.push(
            axis.map((x, i) => others.reduce((rest, d) => rest - (d[i] as number), x)),
          );
        }
        const estimate = conjugate.reduce(
          (h, s) => update(h, s, times(hessian, s)).inverse,
          identityMatrix(4),
        );
        expect(distance(estimate, solve(hessian, identityMatrix(4)))).toBeLessThan(1e-3);
      }),
    );
  });

  it("leaves H where the pair says nothing, or what is not finite", () => {
    const h = identityMatrix(2, 3);
    for (const [s, y, least] of [
      [[1, 0], [-1, 0], 0],
      [[1, 0], [0.5, 0], 0.6],
      [[0, 0], [0, 0], 0],
      [[1, 0], [Number.NaN, 0], 0],
      [[1e30, 0], [1e30, 1], 0],
    ] as const) {
      expect(update(h, s, y, least)).toEqual({ inverse: h, updated: false });
    }
  });
});

describe("doubleDamping", () => {
  it("makes sᵀy at least .2·yᵀHy, then at least α·sᵀs", () => {
    fc.assert(
      fc.property(definite, vector, vector, (h, s, y) => {
        const first = damp(h, s, y, 0);
        const q = dot(y, times(h, y));
        expect(dot(first.s, y)).toBeGreaterThan(0.2 * q - 1e-3 * q);
        const both = damp(h, s, y, 0.5);
        const ss = dot(both.s, both.s);
        expect(dot(both.s, both.y)).toBeGreaterThan(0.5 * ss * (1 - 1e-3));
      }),
    );
  });

  it("changes nothing where neither is needed", () => {
    const h = identityMatrix(2);
    expect(damp(h, [1, 1], [1, 2], 0.1)).toEqual({ s: [1, 1], y: [1, 2] });
  });
});

it("identity is one", () => {
  expect(tf.tidy(() => identity(3).arraySync())).toEqual(identityMatrix(3));
});
