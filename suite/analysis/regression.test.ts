import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { expectClose } from "./fixtures/expect-close.ts";
import { FIGURE_1 } from "./fixtures/paper.ts";
import { interpolateAt } from "./interpolate.ts";
import { fitLine, fitPlane, kendallTau } from "./regression.ts";

describe("least squares", () => {
  it("finds any line, with an interval that holds its slope", () => {
    const number = fc.integer({ min: -50, max: 50 });
    fc.assert(
      fc.property(number, number, (slope, intercept) => {
        const x = [1, 2, 4, 7];
        const fit = fitLine(
          x,
          x.map((value) => intercept + slope * value),
        );
        expect(fit.slope).toBeCloseTo(slope, 9);
        expect(fit.intercept).toBeCloseTo(intercept, 9);
      }),
    );
    const { slope, interval } = fitLine([1, 2, 3, 4], [1.1, 1.9, 3.2, 3.8]);
    expect(interval?.low).toBeLessThan(slope);
    expect(interval?.high).toBeGreaterThan(slope);
    expect(fitLine([1, 2], [1, 3]).interval).toBeNull();
  });

  it("does not take equal grid values for certainty", () => {
    const equal = fitLine([8, 10, 12], [3, 3, 3]).interval;
    expect(equal).toEqual({ low: 0, high: 0 });
    const coarse = fitLine([8, 10, 12], [3, 3, 3], Math.log2(1000)).interval;
    expect(coarse?.high).toBeGreaterThan(1);
  });

  it("finds the specification's plane", () => {
    const d = [0.85, 0.17, -0.38, 1.36, 0.81, 0.23, 1.98, 1.44, 0.74];
    const points = [6, 8, 10].flatMap((x, row) =>
      [10, 12, 14].map((y, column) => ({ x, y, d: d[3 * row + column] ?? 0 })),
    );
    const { b, c } = fitPlane(points);
    expectClose(b, 0.293333, 6);
    expectClose(c, -0.3);
    expectClose(-c / b, 1.022727, 6);
  });
});

describe("Kendall's τ", () => {
  it("of Shampoo minus AdamW on MNIST: .904762", () => {
    const { shampoo = [], adamw = [] } = FIGURE_1["mnist-mlp"].values;
    const gaps = shampoo.map((value, index) => (value ?? 0) - (adamw[index] ?? 0));
    expectClose(kendallTau(gaps), 0.904762, 6);
  });

  it("is 1 when growing, -1 when falling, 0 when constant", () => {
    expect(kendallTau([1, 2, 5])).toBe(1);
    expect(kendallTau([5, 2, 1])).toBe(-1);
    expect(kendallTau([2, 2, 2])).toBe(0);
  });
});

describe("interpolation", () => {
  it("reads points and places between them, and nothing outside", () => {
    const [x, y] = [
      [0, 2, 10],
      [0, 4, 0],
    ];
    expect([0, 1, 2, 6, 10].map((place) => interpolateAt(x ?? [], y ?? [], place))).toEqual([
      0, 2, 4, 2, 0,
    ]);
    expect(interpolateAt([0, 1], [0, 1], 2)).toBeNaN();
    expect(interpolateAt([3], [7], 3)).toBe(7);
  });
});
