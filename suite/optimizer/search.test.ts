import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  choice,
  gridConfigurations,
  logUniform,
  quasiRandomConfigurations,
  uniform,
} from "./search.ts";

const space = {
  rate: logUniform(1e-3, 1),
  momentum: uniform(0.5, 0.9),
  kind: choice("a", "b", "c"),
};

describe("gridConfigurations", () => {
  it("combines every value with every other, the last name fastest", () => {
    expect(gridConfigurations({ x: [1, 2], y: ["a", "b"] })).toEqual([
      { x: 1, y: "a" },
      { x: 1, y: "b" },
      { x: 2, y: "a" },
      { x: 2, y: "b" },
    ]);
  });
});

describe("quasiRandomConfigurations", () => {
  it("begins a longer search with the shorter one", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 20 }), (a, b) => {
        const [short, long] = [Math.min(a, b), Math.max(a, b)];
        const longer = quasiRandomConfigurations(space, long);
        expect(longer.slice(0, short)).toEqual(quasiRandomConfigurations(space, short));
      }),
    );
  });

  it("has eight points in the middle of eight equal strata, nine in those of nine", () => {
    const plane = { x: uniform(0, 8), y: uniform(0, 9) };
    const sorted = (values: unknown[]) => (values as number[]).sort((a, b) => a - b);
    const eight = quasiRandomConfigurations(plane, 8).map(({ x }) => x);
    expect(sorted(eight)).toEqual([0.5, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5]);
    const nine = quasiRandomConfigurations(plane, 9).map(({ y }) => y);
    expect(sorted(nine)).toEqual([0.5, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, 8.5]);
  });

  it("covers any number of dimensions", () => {
    const many = Object.fromEntries(
      Array.from({ length: 9 }, (_, i) => [`x${i}`, uniform(0, 1)] as const),
    );
    for (const name of Object.keys(many)) {
      const values = quasiRandomConfigurations(many, 50).map((one) => one[name] as number);
      expect(new Set(values).size).toBe(50);
      expect(Math.min(...values)).toBeLessThan(0.1);
      expect(Math.max(...values)).toBeGreaterThan(0.9);
    }
  });

  it("spreads over the whole of each dimension, at values that a command line carries", () => {
    const found = quasiRandomConfigurations(space, 64);
    const rates = found.map(({ rate }) => rate as number);
    for (const [low, high] of [
      [1e-3, 1e-2],
      [1e-2, 1e-1],
      [1e-1, 1],
    ] as const) {
      const share = rates.filter((rate) => rate >= low && rate < high).length / 64;
      expect(Math.abs(share - 1 / 3)).toBeLessThan(0.05);
    }
    expect(
      found.every(({ momentum }) => (momentum as number) >= 0.5 && (momentum as number) <= 0.9),
    ).toBe(true);
    expect(new Set(found.map(({ kind }) => kind))).toEqual(new Set(["a", "b", "c"]));
    for (const rate of rates) expect(Number(rate.toPrecision(3))).toBe(rate);
  });
});
