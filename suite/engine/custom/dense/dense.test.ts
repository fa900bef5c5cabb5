import fc from "fast-check";
import { describe, expect, test } from "vitest";
import oracle from "../oracles/dense.json";
import { choleskyFactor, invertLower, spdInverse } from "./cholesky.ts";
import { symmetricEigen } from "./eigen.ts";
import { inverseRootOf, powerIteration } from "./inverse-root.ts";
import { timesTransposed, transposed } from "./product.ts";
import { qrFactors } from "./qr.ts";
import { solveTriangular } from "./triangular.ts";

const N = 6;

function expectClose(
  actual: ArrayLike<number> | null | undefined,
  expected: ArrayLike<number>,
  tolerance = 1e-12,
): void {
  expect(actual?.length).toBe(expected.length);
  const scale = Math.max(...Array.from(expected, Math.abs), Number.MIN_VALUE);
  const worst = Array.from(expected, (value, i) => Math.abs((actual?.[i] ?? 0) - value) / scale);
  expect(Math.max(...worst)).toBeLessThan(tolerance);
}

function matrix(n: number, element: (i: number, j: number) => number): Float64Array {
  return Float64Array.from({ length: n * n }, (_, at) => element(Math.floor(at / n), at % n));
}

describe("against NumPy", () => {
  test("Cholesky factor, its inverse, and the inverse of the matrix", () => {
    const factor = choleskyFactor(oracle.spd, N);
    expectClose(factor, oracle.cholesky);
    const inverse = invertLower(factor as Float64Array, N);
    expectClose(
      timesTransposed(transposed(inverse, N, N), N, transposed(inverse, N, N), N, N),
      oracle.inverse,
    );
    expectClose(spdInverse(oracle.spd, N), oracle.inverse);
  });

  test("eigenvalues, eigenvectors and an inverse fourth root", () => {
    const eigen = symmetricEigen(oracle.spd, N);
    expectClose(eigen?.values, oracle.values);
    expectClose(eigen?.vectors, oracle.vectors);
    expectClose(eigen && inverseRootOf(eigen, 4, 0.01), oracle.root4);
  });

  test("QR", () => {
    const factors = qrFactors(oracle.tall, N, 4);
    expectClose(factors?.q, oracle.q);
    expectClose(factors?.r, oracle.r);
  });

  test.each(oracle.solutions)("a triangular system: $lower, $transpose, $side", (form) => {
    const side = form.side as "left" | "right";
    const rhs = side === "left" ? oracle.rhs : transposed(oracle.rhs, N, 3);
    expectClose(solveTriangular(oracle.triangle, N, rhs, 3, { ...form, side }), form.x);
  });

  test("power iteration", () => {
    const start = [1, 0.5, -0.2, 0.3, 0.9, -0.4];
    const options = { iterations: 5000, tolerance: 1e-15 };
    const { value, vector } = powerIteration(Float64Array.from(oracle.spd), N, start, options);
    expect(value).toBeCloseTo(oracle.values.at(-1) as number, 10);
    expect(Math.hypot(...vector)).toBeCloseTo(1, 12);
  });
});

describe("closed forms", () => {
  test("the factor of Pascal's matrix is his triangle", () => {
    const binomial = (n: number, k: number): number =>
      k < 0 || k > n ? 0 : k === 0 || k === n ? 1 : binomial(n - 1, k - 1) + binomial(n - 1, k);
    const factor = choleskyFactor(
      matrix(9, (i, j) => binomial(i + j, i)),
      9,
    );
    expectClose(factor, matrix(9, binomial));
  });

  test("the inverse of min(i, j) is tridiagonal", () => {
    const n = 70;
    const expected = matrix(n, (i, j) => {
      if (Math.abs(i - j) === 1) return -1;
      if (i !== j) return 0;
      return i === n - 1 ? 1 : 2;
    });
    const minimum = matrix(n, (i, j) => Math.min(i, j) + 1);
    expectClose(spdInverse(minimum, n), expected, 1e-10);
  });

  test("eigenvalues of the second difference are 2 − 2 cos(kπ/(n + 1))", () => {
    const n = 150;
    const difference = matrix(n, (i, j) => (i === j ? 2 : Math.abs(i - j) === 1 ? -1 : 0));
    const expected = Array.from(
      { length: n },
      (_, k) => 2 - 2 * Math.cos(((k + 1) * Math.PI) / (n + 1)),
    );
    expectClose(symmetricEigen(difference, n)?.values, expected);
  });
});

/** Matrices that divide and conquer finds hard: equal, clustered and vanishing eigenvalues. */
const HARD: Record<string, (n: number) => Float64Array> = {
  identity: (n) => matrix(n, (i, j) => (i === j ? 1 : 0)),
  zero: (n) => new Float64Array(n * n),
  "all ones": (n) => matrix(n, () => 1),
  "three values": (n) => matrix(n, (i, j) => (i === j ? i % 3 : 0)),
  Wilkinson: (n) =>
    matrix(n, (i, j) => {
      if (i === j) return Math.abs(i - (n - 1) / 2);
      return Math.abs(i - j) === 1 ? 1 : 0;
    }),
  "tiny and large": (n) => matrix(n, (i, j) => 10 ** (-0.1 * (i + j)) * Math.cos(i * j)),
  "rank two": (n) => matrix(n, (i, j) => Math.sin(i) * Math.sin(j) + Math.cos(i) * Math.cos(j)),
};

describe("eigenvectors are orthonormal and diagonalize", () => {
  test.each(Object.entries(HARD))("%s", (_, make) => {
    for (const n of [1, 2, 33, 97]) expectEigen(make(n), n);
  });

  test("any symmetric matrix", () => {
    const sizes = fc.constantFrom(3, 20, 45, 70);
    fc.assert(
      fc.property(sizes, fc.integer(), fc.integer({ min: -30, max: 30 }), (n, seed, exponent) => {
        const random = generator(seed);
        const half = matrix(n, () => random());
        const scale = 10 ** exponent;
        expectEigen(
          matrix(n, (i, j) => scale * ((half[i * n + j] as number) + (half[j * n + i] as number))),
          n,
        );
      }),
      { numRuns: 20 },
    );
  });
});

function expectEigen(a: Float64Array, n: number): void {
  const eigen = symmetricEigen(a, n);
  if (!eigen) throw new Error("no eigenvectors");
  const { values, vectors } = eigen;
  const columns = transposed(vectors, n, n);
  expectClose(
    timesTransposed(columns, n, columns, n, n),
    matrix(n, (i, j) => (i === j ? 1 : 0)),
  );
  const scaled = vectors.map((value, at) => value * (values[at % n] as number));
  const norm = n * Math.max(...a.map(Math.abs));
  const rebuilt = timesTransposed(scaled, n, vectors, n, n);
  const worst = Math.max(...rebuilt.map((value, at) => Math.abs(value - (a[at] as number))));
  expect(worst).toBeLessThanOrEqual(1e-13 * norm);
  expect([...values].sort((x, y) => x - y)).toEqual([...values]);
}

function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32 - 0.5;
  };
}

describe("what has no answer is null", () => {
  const indefinite = [1, 2, 2, 1];
  test("not positive definite, or not finite", () => {
    expect(choleskyFactor(indefinite, 2)).toBeNull();
    expect(spdInverse([Number.NaN, 0, 0, 1], 2)).toBeNull();
    expect(spdInverse([Number.POSITIVE_INFINITY, 0, 0, 1], 2)).toBeNull();
    expect(symmetricEigen([1, 0, 0, Number.NaN], 2)).toBeNull();
    expect(qrFactors([1, Number.POSITIVE_INFINITY], 2, 1)).toBeNull();
  });

  test("an inverse beyond float32", () => {
    expect(spdInverse([1e-39], 1)).toBeNull();
    expect(spdInverse([1e-37], 1)?.[0]).toBeCloseTo(1e37, -25);
  });

  test("a singular triangle, and a root of what is not positive", () => {
    const form = { lower: true, transpose: false, side: "left" } as const;
    expect(solveTriangular([1, 0, 1, 0], 2, [1, 1], 1, form)).toBeNull();
    const eigen = symmetricEigen(indefinite, 2);
    expect(eigen && inverseRootOf(eigen, 4, 0.5)).toBeNull();
    expect(eigen && inverseRootOf(eigen, 2, 1.5)).not.toBeNull();
  });

  test("QR of dependent columns is orthonormal all the same", () => {
    const factors = qrFactors([1, 2, 0, 1, 2, 0, 1, 2, 0], 3, 3);
    const columns = transposed(factors?.q ?? [], 3, 3);
    expectClose(timesTransposed(columns, 3, columns, 3, 3), [1, 0, 0, 0, 1, 0, 0, 0, 1]);
  });
});
