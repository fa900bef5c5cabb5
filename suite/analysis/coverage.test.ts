import { describe, expect, it } from "vitest";
import { simulateCoverage } from "./fixtures/coverage.ts";

const cases = [3, 6].flatMap((seeds) =>
  [0.25, 1, 4].map((slope) => ({ seeds, slope, points: 6, place: 0.55 })),
);

describe("the crossover's 95% interval", () => {
  it.each(cases)("covers a planted crossover: $seeds seeds, slope $slope", (planted) => {
    const { covered } = simulateCoverage(planted, { studies: 250, replicates: 300, seed: 11 });
    expect(covered).toBeGreaterThanOrEqual(0.93);
  });

  it("narrows with slope and seeds", () => {
    const width = (slope: number, seeds: number) =>
      simulateCoverage(
        { slope, seeds, points: 6, place: 0.55 },
        { studies: 60, replicates: 300, seed: 3 },
      ).width;
    expect(width(4, 3)).toBeLessThan(width(2, 3));
    expect(width(2, 6)).toBeLessThan(width(2, 3));
  });
});
