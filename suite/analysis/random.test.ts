import { describe, expect, it } from "vitest";
import { drawNormal, drawStudentT, randomFrom, seedOf } from "./random.ts";
import { mean, standardDeviation } from "./statistics.ts";

const draws = (count: number, draw: () => number) => Array.from({ length: count }, draw);

describe("the seeded generator", () => {
  it("repeats its stream for a seed, and only for that seed", () => {
    const [first, again, other] = [7, 7, 8].map((seed) => draws(5, randomFrom(seed)));
    expect(first).toEqual(again);
    expect(first).not.toEqual(other);
  });

  it("is uniform on [0, 1)", () => {
    const values = draws(20_000, randomFrom(1));
    expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...values)).toBeLessThan(1);
    expect(mean(values)).toBeCloseTo(0.5, 2);
    for (let decile = 0; decile < 10; decile++) {
      const share = values.filter((value) => Math.floor(value * 10) === decile).length / 20_000;
      expect(Math.abs(share - 0.1)).toBeLessThan(0.01);
    }
  });

  it("draws normal and t deviates with their variances", () => {
    const random = randomFrom(2);
    const normal = draws(40_000, () => drawNormal(random));
    expect(Math.abs(mean(normal))).toBeLessThan(0.02);
    expect(standardDeviation(normal)).toBeCloseTo(1, 1);
    const t = draws(40_000, () => drawStudentT(random, 12));
    expect(standardDeviation(t)).toBeCloseTo(Math.sqrt(12 / 10), 1);
  });

  it("gives named parts their own seeds", () => {
    expect(seedOf("kfac", 64)).not.toBe(seedOf("kfac", 65));
    expect(seedOf("a", "b")).toBe(seedOf("a", "b"));
  });
});
