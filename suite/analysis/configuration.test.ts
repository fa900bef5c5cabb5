import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { configurationKey, gridEdges } from "./configuration.ts";

describe("configuration keys", () => {
  it("do not depend on the order of properties, and tell values apart", () => {
    expect(configurationKey({ a: 1, b: "x" })).toBe(configurationKey({ b: "x", a: 1 }));
    expect(configurationKey({ a: 1 })).not.toBe(configurationKey({ a: "1" }));
    expect(configurationKey({ a: 1e-9 })).not.toBe(configurationKey({ a: 1e-10 }));
  });
});

const grid = [0.3, 0.1, 0.03].flatMap((learningRate) =>
  [1, 0.001].map((damping) => ({ learningRate, damping, momentum: 0.9 })),
);

describe("grid edges", () => {
  it("flags a chosen value without a neighbour on one side", () => {
    const edges = gridEdges([{ learningRate: 0.3, damping: 1, momentum: 0.9 }], grid);
    expect(edges).toEqual([{ hyperparameter: "learningRate", value: 0.3, side: "highest" }]);
    expect(gridEdges([{ learningRate: 0.1, damping: 1, momentum: 0.9 }], grid)).toEqual([]);
  });

  it("takes zero for a natural limit", () => {
    const tried = [0, 0.1, 0.2].map((dropout) => ({ dropout }));
    expect(gridEdges([{ dropout: 0 }], tried)).toEqual([]);
    expect(gridEdges([{ dropout: 0.2 }], tried)).toHaveLength(1);
  });

  it("of a sampled hyperparameter only where the two best agree", () => {
    const tried = Array.from({ length: 30 }, (_, index) => ({ rate: 10 ** (-3 + index / 10) }));
    const [lowest, next] = [{ rate: 0.001 }, { rate: 10 ** -2.9 }];
    expect(gridEdges([lowest, next], tried)).toHaveLength(1);
    expect(gridEdges([lowest, { rate: 0.03 }], tried)).toEqual([]);
  });

  it("of eight configurations sampled in two dimensions only where the two best agree", () => {
    const tried = [0, 4, 2, 6, 1, 5, 3, 7].map((rate, damping) => ({ rate: 10 ** rate, damping }));
    const [highest, next, other] = [7, 3, 0].map((i) => tried[i]) as [object, object, object];
    const edges = gridEdges([highest, next] as typeof tried, tried);
    expect(edges.map(({ hyperparameter, side }) => [hyperparameter, side])).toEqual([
      ["rate", "highest"],
    ]);
    expect(gridEdges([highest, other] as typeof tried, tried)).toEqual([]);
  });

  it("never flags the middle of a grid of odd length", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), (side) => {
        const tried = Array.from({ length: 2 * side + 1 }, (_, index) => ({ x: 2 ** index }));
        expect(gridEdges(tried.slice(side, side + 1), tried)).toEqual([]);
      }),
    );
  });
});
