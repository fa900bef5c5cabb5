import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { countCrossings, crossingsOf, findCrossover } from "./crossover.ts";
import { expectClose } from "./fixtures/expect-close.ts";
import { FIGURE_1, type PaperFigure, TABLE_1 } from "./fixtures/paper.ts";
import { at } from "./statistics.ts";

const batch = { axis: "batch" } as const;

function pair(figure: PaperFigure, challenger: string, baseline: string, sign = 1) {
  return figure.batchSizes.flatMap((position, index) => {
    const one = figure.values[challenger]?.[index];
    const other = figure.values[baseline]?.[index];
    if (typeof one !== "number" || typeof other !== "number") return [];
    return [{ position, difference: sign * (Math.round(100 * (one - other)) / 100) }];
  });
}

const points = (...differences: number[]) =>
  differences.map((difference, index) => ({ position: 2 ** (index + 5), difference }));

describe("crossover of the paper's curves", () => {
  it("Table 1: Shampoo overtakes AdamW at 1378.92, not at the linear axis's 1392", () => {
    const differences = pair(TABLE_1, "shampoo", "adamw", -1);
    expect(differences.map(({ difference }) => difference)).toEqual([
      -0.14, -0.1, -0.1, 0.06, 0.18,
    ]);
    const found = findCrossover(differences, batch);
    expectClose(found.lasting, 1378.9204, 4);
    expect(found).toMatchObject({ outcome: "crosses", several: false });
  });

  it("K-FAC local against AdamW: up, down, up", () => {
    const found = findCrossover(pair(FIGURE_1["mnist-mlp"], "kfac-local", "adamw"), batch);
    expect(found.crossings.map(({ direction }) => direction)).toEqual(["up", "down", "up"]);
    const places = found.crossings.map(({ position }) => position);
    for (const [index, place] of [799.4, 1311.6, 2424.1].entries()) {
      expectClose(at(places, index), place, 1);
    }
    expectClose(found.lasting, 2424.116, 3);
    expect(found.several).toBe(true);
  });

  it("PSGD against AdamW: lost at 9808", () => {
    const found = findCrossover(pair(FIGURE_1["mnist-mlp"], "psgd", "adamw"), batch);
    expect(found.outcome).toBe("lost");
    expect(found.lasting).toBe(Number.POSITIVE_INFINITY);
    expect(Math.round(at(found.crossings, 0).position)).toBe(9808);
    expect(at(found.crossings, 0).direction).toBe("down");
  });

  it("of 30 pairs in Figure 1: 23 always, 2 never, 4 cross once (one downward), 1 three times", () => {
    const all = Object.values(FIGURE_1).flatMap((figure) =>
      Object.keys(figure.values)
        .filter((id) => id !== "sgd" && id !== "adamw")
        .flatMap((id) =>
          ["sgd", "adamw"].map((baseline) => findCrossover(pair(figure, id, baseline), batch)),
        ),
    );
    expect(all).toHaveLength(30);
    const outcomes = (outcome: string) => all.filter((one) => one.outcome === outcome).length;
    expect(outcomes("always")).toBe(23);
    expect(outcomes("never")).toBe(2);
    const once = all.filter(({ crossings }) => crossings.length === 1);
    expect(once).toHaveLength(4);
    expect(once.filter(({ crossings }) => at(crossings, 0).direction === "down")).toHaveLength(1);
    expect(all.filter(({ crossings }) => crossings.length === 3)).toHaveLength(1);
  });
});

describe("outcomes", () => {
  it("always, never, lost, crosses", () => {
    expect(findCrossover(points(1, 2, 3), batch)).toMatchObject({ outcome: "always", lasting: 0 });
    expect(findCrossover(points(-1, -2), batch)).toMatchObject({
      outcome: "never",
      lasting: Number.POSITIVE_INFINITY,
    });
    expect(findCrossover(points(1, -1), batch).outcome).toBe("lost");
    expect(findCrossover(points(-1, 1), batch).lasting).toBeCloseTo(2 ** 5.5, 9);
  });

  it("a copy of itself is level everywhere: never ahead, no finite crossover", () => {
    const found = findCrossover(points(0, 0, 0), batch);
    expect(found).toMatchObject({ outcome: "never", crossings: [] });
    expect(found.lasting).toBe(Number.POSITIVE_INFINITY);
  });

  it("drops a touch from the list, but the lead lasts only from the touch on", () => {
    const found = findCrossover(points(1, 0, 1), batch);
    expect(found).toMatchObject({ crossings: [], several: false, outcome: "crosses" });
    expect(found.lasting).toBe(64);
  });

  it("reverses the dataset axis: the challenger leads on the small side", () => {
    const sizes = [1000, 4000, 16_000];
    const differences = [2, 1, -1];
    const data = sizes.map((position, index) => ({ position, difference: at(differences, index) }));
    const found = findCrossover(data, { axis: "dataset" });
    expect(found.outcome).toBe("crosses");
    expectClose(found.lasting, 8000);
    const everywhere = data.map(({ position }) => ({ position, difference: 1 }));
    expect(findCrossover(everywhere, { axis: "dataset" }).lasting).toBe(Number.POSITIVE_INFINITY);
  });

  it("a lasting lead of at least δ comes later than a lead", () => {
    const data = points(-1, 0, 1, 2, 3);
    expect(findCrossover(data, { ...batch, minimumLead: 1.5 }).lasting).toBeCloseTo(2 ** 7.5, 9);
    expect(findCrossover(data, { ...batch, minimumLead: 3 }).outcome).toBe("never");
  });

  it("needs a common size", () => {
    expect(() => findCrossover([], batch)).toThrow(/at least one/);
  });
});

describe("properties", () => {
  const differences = fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 1, maxLength: 9 });

  it("the lasting crossing is the last up-crossing, and the order of points is irrelevant", () => {
    fc.assert(
      fc.property(differences, (d) => {
        const found = findCrossover(points(...d), batch);
        expect(findCrossover(points(...d).reverse(), batch)).toEqual(found);
        const last = found.crossings.at(-1);
        if (found.outcome === "crosses" && last) {
          const touched = d.some((value, j) => value === 0 && (d[j - 1] ?? 0) > 0);
          if (!touched) expect(last.position).toBeCloseTo(found.lasting, 9);
        }
        if (found.outcome === "always") expect(Math.min(...d)).toBeGreaterThan(0);
        if (found.outcome === "never") expect(Math.max(...d)).toBeLessThanOrEqual(0);
      }),
    );
  });

  it("counting crossings agrees with listing them", () => {
    fc.assert(
      fc.property(differences, (d) => {
        const x = d.map((_, index) => index);
        expect(countCrossings(d)).toBe(crossingsOf(x, d).length);
      }),
    );
  });

  it("scaling all differences moves nothing", () => {
    fc.assert(
      fc.property(differences, fc.integer({ min: 1, max: 64 }), (d, factor) => {
        const scaled = findCrossover(points(...d.map((value) => value * factor)), batch);
        const plain = findCrossover(points(...d), batch);
        expect(scaled.outcome).toBe(plain.outcome);
        if (Number.isFinite(plain.lasting)) expectClose(scaled.lasting, plain.lasting);
      }),
    );
  });
});
