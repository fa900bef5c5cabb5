import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { frontShares, paretoFront } from "./pareto.ts";

const points = [
  { cost: 1, quality: 0.9 },
  { cost: 2, quality: 0.95 },
  { cost: 3, quality: 0.94 },
  { cost: 4, quality: 0.97 },
  { cost: 4, quality: 0.96 },
  { cost: 2, quality: 0.95 },
];

describe("Pareto front", () => {
  it("a, b, d and b's duplicate f", () => {
    expect(paretoFront(points)).toEqual([true, true, false, true, false, true]);
  });

  it("never holds an infinite cost", () => {
    const all = [...points, { cost: Number.POSITIVE_INFINITY, quality: 1 }];
    expect(paretoFront(all).at(-1)).toBe(false);
  });

  it("is exactly the points that no other dominates", () => {
    const coordinate = fc.integer({ min: 0, max: 5 });
    const cloud = fc.array(fc.record({ cost: coordinate, quality: coordinate }), { maxLength: 12 });
    fc.assert(
      fc.property(cloud, (all) => {
        const dominated = all.map((one) =>
          all.some(
            (other) =>
              other.cost <= one.cost &&
              other.quality >= one.quality &&
              (other.cost < one.cost || other.quality > one.quality),
          ),
        );
        expect(paretoFront(all)).toEqual(dominated.map((is) => !is));
      }),
    );
  });

  it("shares: certain where seeds agree, in between where they overlap", () => {
    const shares = frontShares([
      { cost: 1, values: [0.9, 0.9, 0.9] },
      { cost: 2, values: [0.89, 0.92, 0.88] },
      { cost: 3, values: [0.8, 0.8, 0.8] },
    ]);
    expect(shares[0]).toEqual({ onFront: true, share: 1 });
    expect(shares[1]?.share).toBeGreaterThan(0.2);
    expect(shares[1]?.share).toBeLessThan(0.8);
    expect(shares[2]).toEqual({ onFront: false, share: 0 });
  });
});
