import { describe, expect, it } from "vitest";
import { averageRanks, differencePValue, rankRanges, surelyBetter } from "./ranks.ts";
import { at } from "./statistics.ts";

describe("ranks", () => {
  it("average over ties", () => {
    expect(averageRanks([99.3, 99.1, 99.1, 98.7])).toEqual([1, 2.5, 2.5, 4]);
  });

  it("range from the surely better to the surely worse", () => {
    const order = [3, 2, 2, 1];
    const ranges = rankRanges(4, (one, other) => at(order, one) - at(order, other) >= 1);
    expect(ranges).toEqual([
      { best: 1, worst: 1 },
      { best: 2, worst: 3 },
      { best: 2, worst: 3 },
      { best: 4, worst: 4 },
    ]);
    expect(rankRanges(3, () => false)).toEqual(Array(3).fill({ best: 1, worst: 3 }));
  });

  it("sure needs more than the noise, over all pairs", () => {
    const values = [0.99, 0.9895, 0.97];
    const better = surelyBetter(3, (one, other) => ({
      difference: at(values, one) - at(values, other),
      noise: { standardError: 0.0005, df: 12 },
    }));
    expect(better(0, 1)).toBe(false);
    expect(better(0, 2)).toBe(true);
    expect(better(2, 0)).toBe(false);
  });

  it("corrects for the number of pairs", () => {
    const noise = { standardError: 1, df: 1000 };
    const gap = (one: number, other: number) => (one === 0 ? 2.1 : 0) - (other === 0 ? 2.1 : 0);
    const compare = (one: number, other: number) => ({ difference: gap(one, other), noise });
    expect(surelyBetter(2, compare)(0, 1)).toBe(true);
    expect(surelyBetter(4, compare)(0, 1)).toBe(false);
  });

  it("is never sure of copies, nor without degrees of freedom, and always of noiseless difference", () => {
    expect(differencePValue(0, { standardError: 0, df: 4 })).toBe(1);
    expect(differencePValue(1, { standardError: 0.1, df: 0 })).toBe(1);
    expect(differencePValue(1, { standardError: 0, df: 4 })).toBe(0);
  });
});
