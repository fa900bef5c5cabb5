import { describe, expect, test } from "vitest";
import { inverseRootFractions, rootFractions } from "./rational.ts";

describe("x^(-1/p) as a sum of simple fractions", () => {
  test.each([2, 3, 4, 6, 8])("p = %i: positive, and as close as it says", (p) => {
    for (const lowest of [0.5, 1e-3, 1e-6, 1e-9, 1e-12]) {
      for (const tolerance of [1e-3, 1e-5, 1e-7]) {
        const { constant, shifts, weights } = inverseRootFractions(p, lowest, tolerance);
        expect(Math.min(constant, ...shifts, ...weights)).toBeGreaterThan(0);
        for (let i = 0; i <= 977; i++) {
          const x = lowest ** (i / 977);
          const sum = shifts.reduce((s, shift, j) => s + (weights[j] as number) / (x + shift), 0);
          const error = Math.abs((constant + sum) * x ** (1 / p) - 1);
          expect(error).toBeLessThan(1.05 * tolerance);
        }
      }
    }
  });

  test("no more fractions than the theory of the best approximation asks for, plus two", () => {
    for (const lowest of [1e-3, 1e-6, 1e-9]) {
      for (const tolerance of [1e-4, 1e-7]) {
        const rate = (2 * Math.PI ** 2) / Math.log(16 / lowest);
        const best = Math.log(4 / tolerance) / rate;
        const { shifts } = inverseRootFractions(2, lowest, tolerance);
        expect(shifts.length).toBeLessThanOrEqual(Math.ceil(best) + 2);
      }
    }
  });

  test("a larger ridge needs fewer", () => {
    const count = (ridge: number) =>
      rootFractions({ p: 4, ridge, precision: "float32" }).shifts.length;
    expect([1, 1e-1, 1e-3, 1e-6].map(count)).toEqual([2, 4, 7, 8]);
    expect(rootFractions({ p: 4, ridge: 0, precision: "float64" }).shifts.length).toBeLessThan(30);
  });

  test("an error that cannot be reached is refused", () => {
    expect(() => inverseRootFractions(4, 1e-12, 1e-30)).toThrow(/larger ridge or tolerance/);
  });
});
