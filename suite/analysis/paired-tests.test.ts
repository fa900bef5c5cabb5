import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { expectClose } from "./fixtures/expect-close.ts";
import { holm } from "./holm.ts";
import {
  pairedTTest,
  probabilityOfImprovement,
  signFlipTest,
  signTest,
  wilcoxonTest,
} from "./paired-tests.ts";

const differences = [0.12, 0.05, -0.02, 0.2, 0.09, 0.07];

describe("paired tests", () => {
  it("the specification's six differences", () => {
    expectClose(signTest(differences).p, 0.21875);
    expect(wilcoxonTest(differences).w).toBe(1);
    expectClose(wilcoxonTest(differences).p, 0.0625);
    expectClose(signFlipTest(differences), 0.0625);
    const t = pairedTTest(differences);
    expectClose(t.t, 2.83596, 6);
    expectClose(t.mean, 0.085);
    expectClose(t.interval?.low ?? Number.NaN, 0.007954, 6);
    expectClose(t.interval?.high ?? Number.NaN, 0.162046, 6);
  });

  it("five seeds cannot reach .05, six can, three give .25 at best", () => {
    const all = (n: number) => signFlipTest(Array.from({ length: n }, (_, i) => i + 1));
    expectClose(all(3), 0.25);
    expectClose(all(5), 0.0625);
    expectClose(all(6), 0.03125);
  });

  it("equal pairs decide nothing", () => {
    expect(signTest([0, 0]).p).toBe(1);
    expect(wilcoxonTest([0, 0]).p).toBe(1);
    expect(signFlipTest([0, 0])).toBe(1);
  });

  it("P(A > B) counts ties half", () => {
    expect(probabilityOfImprovement([1, 0, -1, 2])).toBe(0.625);
  });

  it("refuses an enumeration that would never end", () => {
    expect(() => signFlipTest(Array(40).fill(1))).toThrow(/at most 20/);
  });

  it("do not depend on which method is called A", () => {
    const list = fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(list, (values) => {
        const swapped = values.map((value) => -value);
        expect(signTest(swapped).p).toBe(signTest(values).p);
        expect(signFlipTest(swapped)).toBe(signFlipTest(values));
        expect(wilcoxonTest(swapped)).toEqual(wilcoxonTest(values));
      }),
    );
  });
});

describe("Holm", () => {
  it("adjusts a family", () => {
    const adjusted = holm([0.01, 0.04, 0.03, 0.005]);
    [0.03, 0.06, 0.06, 0.02].forEach((expected, index) => {
      expectClose(adjusted[index] ?? Number.NaN, expected);
    });
  });

  it("keeps the order, never shrinks a p-value and stays within 1", () => {
    const ps = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(ps, (values) => {
        const adjusted = holm(values);
        values.forEach((p, i) => {
          expect(adjusted[i]).toBeGreaterThanOrEqual(p);
          expect(adjusted[i]).toBeLessThanOrEqual(1);
          values.forEach((q, j) => {
            if (p < q) expect(adjusted[i]).toBeLessThanOrEqual(adjusted[j] ?? 0);
          });
        });
      }),
    );
  });
});
