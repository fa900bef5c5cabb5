/**
 * Prints the simulated coverage of the crossover's nominal 95% interval over slopes, seeds, grid
 * lengths and places: `npx tsx suite/analysis/coverage.ts`. Takes some minutes; the test runs a small
 * part of it.
 */
import { simulateCoverage } from "./fixtures/coverage.ts";

const studies = 1000;
console.log("points seeds place slope | coverage  median width (doublings)");
for (const points of [5, 9]) {
  for (const seeds of [3, 6]) {
    for (const place of [0.3, 0.5, 0.8]) {
      for (const slope of [0.125, 0.25, 0.5, 1, 2, 5]) {
        const { covered, width } = simulateCoverage(
          { points, seeds, place, slope },
          { studies, replicates: 1000, seed: 1 },
        );
        const row = [points, seeds, place, slope].map((value) => `${value}`.padStart(5)).join(" ");
        console.log(`${row} | ${(100 * covered).toFixed(1)}%  ${width.toFixed(2)}`);
      }
    }
  }
}
