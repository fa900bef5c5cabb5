import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { quantile } from "./quantile.ts";

describe("quantile", () => {
  it("takes the element at ceil(pN) and never interpolates", () => {
    expect(quantile([4, 1, 3, 2], 0.5)).toBe(2);
    expect(quantile([4, 1, 3, 2], 0.51)).toBe(3);
    expect(quantile([1, 2, 3], 0)).toBe(1);
    expect(quantile([1, 2, 3], 1)).toBe(3);
  });

  it("does not step up for a product that is whole but for rounding", () => {
    const values = Array.from({ length: 10 }, (_, index) => index + 1);
    expect(quantile(values, 0.7)).toBe(7);
    expect(0.1 * 3 * 10).toBeGreaterThan(3);
    expect(quantile(values, 0.1 * 3)).toBe(3);
  });

  it("keeps infinities", () => {
    const values = [Number.NEGATIVE_INFINITY, 1, Number.POSITIVE_INFINITY, 2];
    expect(quantile(values, 0.025)).toBe(Number.NEGATIVE_INFINITY);
    expect(quantile(values, 0.975)).toBe(Number.POSITIVE_INFINITY);
  });

  it("is one of the values and grows with p", () => {
    const list = fc.array(fc.double({ noNaN: true }), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(list, fc.double({ min: 0, max: 1, noNaN: true }), (values, p) => {
        const q = quantile(values, p);
        expect(values).toContain(q);
        expect(quantile(values, Math.min(1, p + 0.1))).toBeGreaterThanOrEqual(q);
      }),
    );
  });
});
