import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { criticalBatchOverSeeds, excessBatch, fitCriticalBatch } from "./critical-batch.ts";
import { expectClose } from "./fixtures/expect-close.ts";
import { at } from "./statistics.ts";

const sizes = [64, 128, 256, 512, 1024, 2048];
const stepsAt = (steps: readonly number[]) =>
  sizes.map((batchSize, index) => ({ batchSize, steps: at(steps, index) }));
const exact = stepsAt([9000, 5000, 3000, 2000, 1500, 1250]);
const noisy = stepsAt([9300, 4900, 3050, 1960, 1540, 1240]);

function fitted(points: Parameters<typeof fitCriticalBatch>[0]) {
  const fit = fitCriticalBatch(points);
  if (fit.kind !== "fit") throw new Error(fit.reason);
  return fit;
}

describe("critical batch size", () => {
  it("of exact data", () => {
    const fit = fitted(exact);
    expectClose(fit.minimumSteps, 1000);
    expectClose(fit.criticalBatch, 512);
    expect(fit.bound).toBeNull();
    expectClose(excessBatch(exact), 168.897, 4);
  });

  it("of noisy data, by relative errors", () => {
    const fit = fitted(noisy);
    expect(Math.abs(fit.minimumSteps / 995.63 - 1)).toBeLessThan(1e-3);
    expect(Math.abs(fit.criticalBatch / 520.12 - 1)).toBeLessThan(1e-3);
    expectClose(fit.residual, 0.00270879, 8);
    expectClose(fit.interval?.low ?? Number.NaN, 461.5, 1);
    expectClose(fit.interval?.high ?? Number.NaN, 587, 1);
  });

  it("gives a bound, not a number, when the optimum is at an end of the scan", () => {
    const perfect = sizes.map((batchSize) => ({ batchSize, steps: 1e6 / batchSize }));
    expect(fitted(perfect).bound).toBe("above grid");
    expect(fitted(perfect).interval?.high).toBe(Number.POSITIVE_INFINITY);
    const flat = sizes.map((batchSize) => ({ batchSize, steps: 1000 }));
    expect(fitted(flat).bound).toBe("below grid");
  });

  it("excludes and counts censored sizes, and needs three", () => {
    const censored = exact.map((point, index) =>
      index > 3 ? { ...point, steps: Number.POSITIVE_INFINITY } : point,
    );
    expect(fitted(censored)).toMatchObject({ points: 4, censored: 2 });
    expectClose(fitted(censored).criticalBatch, 512);
    expect(fitCriticalBatch(exact.slice(0, 2))).toMatchObject({ kind: "no fit", censored: 0 });
  });

  it("recovers any planted size inside the scan", () => {
    fc.assert(
      fc.property(fc.double({ min: 20, max: 5000, noNaN: true }), (planted) => {
        const points = sizes.map((batchSize) => ({
          batchSize,
          steps: 100 * (1 + planted / batchSize),
        }));
        expect(Math.abs(fitted(points).criticalBatch / planted - 1)).toBeLessThan(1e-6);
      }),
      { numRuns: 20 },
    );
  });

  it("an interval from resampled seeds holds the fit", () => {
    const data = noisy.map(({ batchSize, steps }) => ({
      batchSize,
      steps: [0.97 * steps, steps, 1.03 * steps],
    }));
    const { fit, interval } = criticalBatchOverSeeds(data, { replicates: 200 });
    expect(fit.kind === "fit" && fit.criticalBatch).toBeGreaterThan(interval?.low ?? Infinity);
    expect(fit.kind === "fit" && fit.criticalBatch).toBeLessThan(interval?.high ?? 0);
  });

  it("the 20% point is infinite when examples never exceed it", () => {
    const perfect = sizes.map((batchSize) => ({ batchSize, steps: 1e6 / batchSize }));
    expect(excessBatch(perfect)).toBe(Number.POSITIVE_INFINITY);
  });
});
