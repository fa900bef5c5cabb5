import { describe, expect, it } from "vitest";
import { expectClose } from "./fixtures/expect-close.ts";
import { heatMapOf, optimumSlopes } from "./heat-map.ts";
import { METRICS } from "./metric.ts";
import { at } from "./statistics.ts";
import { syntheticFacts, syntheticFiles } from "./synthetic.ts";

const metric = METRICS["test-accuracy"];
const damped = { id: "kfac", damped: true };

describe("heat map", () => {
  const options = { x: "learningRate", y: "damping", metric, facts: syntheticFacts() };
  const file = at(syntheticFiles({ batchSizes: [256], optimizers: [damped] }), 0);
  const map = heatMapOf(file, options);

  it("has a value for every pair, and the choice near the planted optimum", () => {
    expect(map.xs).toEqual([0.001, 0.003, 0.01, 0.03, 0.1, 0.3]);
    expect(map.ys).toEqual([0.001, 0.01, 0.1, 1]);
    expect(map.cells).toHaveLength(24);
    expect(map.cells.every(({ value }) => value !== null)).toBe(true);
    for (const chosen of [map.chosen?.x, map.chosen?.y]) {
      expect(Math.abs(Math.log10((chosen ?? 0) / 0.01))).toBeLessThan(0.6);
    }
  });

  it("shows divergence at chance level with its status", () => {
    const diverged = map.cells.filter(({ status }) => status === "diverged");
    expect(diverged.length).toBeGreaterThan(0);
    expect(diverged.every(({ value }) => value === 0.1)).toBe(true);
  });

  it("leaves holes where nothing was tried, and takes the best over the other hyperparameters", () => {
    const trials = file.trials.flatMap((trial) => {
      const { learningRate = 0, damping = 0 } = trial.hyperparameters;
      if (learningRate === 0.3 && damping === 1) return [];
      const worse = { ...trial.final, testAccuracy: 0.2, validationAccuracy: 0.2 };
      const hyperparameters = { ...trial.hyperparameters, momentum: 0.5 };
      return [trial, { ...trial, hyperparameters, final: worse }];
    });
    const partial = heatMapOf({ ...file, trials }, options);
    const hole = partial.cells.find(({ x, y }) => x === 0.3 && y === 1);
    expect(hole).toMatchObject({ value: null, status: null });
    const best = partial.cells.find(({ x, y }) => x === 0.01 && y === 0.01);
    expect(best?.value).toBeGreaterThan(0.9);
  });

  it("says which hyperparameters it needs", () => {
    expect(() => heatMapOf(file, { ...options, y: "rho" })).toThrow(/needs learningRate and rho/);
  });
});

describe("slopes of the optimum", () => {
  const optima = (ratios: readonly number[]) =>
    [256, 1024, 4096].map((batchSize, index) => ({
      batchSize,
      learningRate: 0.01 * at(ratios, index),
      damping: 0.01,
    }));
  const steps = { learningRate: 0, damping: 0 };

  it("of the ratio 10, 30, 100 and of a constant one", () => {
    expectClose(optimumSlopes(optima([10, 30, 100]), steps).ratio.slope, 0.830482, 6);
    expectClose(optimumSlopes(optima([10, 10, 10]), steps).ratio.slope, 0, 12);
  });

  it("the ratio's slope is the learning rate's minus the damping's", () => {
    const mixed = optima([10, 30, 100]).map((one, index) => ({
      ...one,
      damping: 0.01 * 3 ** index,
    }));
    const { learningRate, damping, ratio } = optimumSlopes(mixed, steps);
    expectClose(ratio.slope, learningRate.slope - damping.slope);
  });
});
