import { describe, expect, it } from "vitest";
import type { CriterionCurve } from "../criterion.ts";
import { settlingOf } from "../eigenvalues.ts";
import { expectClose } from "../fixtures/expect-close.ts";
import { METRICS } from "../metric.ts";
import { scoreCells } from "../score-cells.ts";
import { at } from "../statistics.ts";
import { syntheticFacts, syntheticFiles } from "../synthetic.ts";
import { batchOverDatasetClaim, planePoints, planeStatistics } from "./batch-over-dataset.ts";
import { criterionIterationsClaim } from "./criterion-iterations.ts";
import { eigenvaluesSettleClaim } from "./eigenvalues-settle.ts";
import {
  dampingTrendClaim,
  type OptimumEvidence,
  optimumEvidence,
  ratioConstantClaim,
} from "./hyperparameter-trends.ts";
import { type IntervalCell, intervalLengthenedClaim } from "./interval-lengthened.ts";

describe("learning rate, damping and batch size", () => {
  const steps = { learningRate: Math.log2(10) / 2, damping: Math.log2(10) / 2 };
  const evidence = (rate: number, damping: number): OptimumEvidence => ({
    optima: [64, 128, 256, 512, 1024, 2048, 4096, 8192, 16_384].map((batchSize) => ({
      batchSize,
      learningRate: 0.001 * batchSize ** rate,
      damping: 0.001 * batchSize ** damping,
    })),
    steps,
    missing: [],
  });

  it("the ratio is constant, or surely not", () => {
    expect(ratioConstantClaim(evidence(0.5, 0.5)).verdict).toBe("supported");
    expect(ratioConstantClaim(evidence(0.9, 0)).verdict).toBe("not supported");
    expectClose(ratioConstantClaim(evidence(0.9, 0)).statistics[0]?.value ?? 0, 0.9);
  });

  it("damping grows, falls, or shows no trend", () => {
    expect(dampingTrendClaim(evidence(0, 1))).toMatchObject({
      verdict: "supported",
      finding: "grows",
    });
    expect(dampingTrendClaim(evidence(0, -1))).toMatchObject({
      verdict: "supported",
      finding: "falls",
    });
    expect(dampingTrendClaim(evidence(0, 0))).toMatchObject({
      verdict: "not supported",
      finding: "no trend",
    });
  });

  it("a grid as coarse as the paper's decides nothing", () => {
    const coarse = {
      ...evidence(0.5, 0.5),
      steps: { learningRate: 1.66, damping: Math.log2(1000) },
    };
    const few = { ...coarse, optima: coarse.optima.slice(0, 5) };
    expect(ratioConstantClaim(few).verdict).toBe("not enough data");
    const missing = ratioConstantClaim({ ...coarse, optima: coarse.optima.slice(0, 1) }).missing;
    expect(missing).toEqual(["2 more batch sizes with an optimum"]);
  });

  it("reads optima, grid steps and guards from scored cells", () => {
    const optimizers = [{ id: "kfac", damped: true }];
    const files = syntheticFiles({ optimizers, batchSizes: [64, 1024, 4096] });
    const cells = scoreCells(files, { tier: "mini", task: "mnist-mlp", facts: syntheticFacts() });
    const found = optimumEvidence(cells, { learningRate: "learningRate", damping: "damping" });
    expect(found.optima.map(({ batchSize }) => batchSize)).toEqual([64, 1024, 4096]);
    expectClose(found.steps.damping, Math.log2(10));
    expect(found.missing).toContain("batch size 64: 1 of 3 tuning seeds");
  });
});

describe("the gap depends on B/n", () => {
  const grid = [6, 8, 10, 12].flatMap((b) => [10, 12, 14].map((n) => [2 ** b, 2 ** n] as const));
  const points = (gap: (logRatio: number, logBatch: number) => number) =>
    grid.map(([batchSize, datasetSize]) => ({
      batchSize,
      datasetSize,
      difference: gap(Math.log2(batchSize / datasetSize), Math.log2(batchSize)),
      standardError: 0.0003,
      df: 20,
    }));

  it("is supported, refuted where only the batch counts, and open below three sizes", () => {
    const byRatio = points((ratio) => 0.004 * (ratio + 9));
    expect(batchOverDatasetClaim(byRatio, []).verdict).toBe("not supported");
    const negligible = points((ratio) => 0.002 * Math.max(0, ratio + 5));
    expect(batchOverDatasetClaim(negligible, [])).toMatchObject({
      verdict: "supported",
      finding: "depends on B/n",
    });
    const byBatch = points((_, batch) => 0.002 * (batch - 9));
    expect(batchOverDatasetClaim(byBatch, []).verdict).toBe("not supported");
    const shrinking = points((ratio) => -0.002 * Math.max(0, ratio + 5));
    expect(batchOverDatasetClaim(shrinking, []).verdict).toBe("not supported");
    const one = negligible.filter(({ datasetSize }) => datasetSize === 1024);
    expect(batchOverDatasetClaim(one, [])).toMatchObject({
      verdict: "not enough data",
      missing: ["at least 3 dataset sizes"],
    });
  });

  it("reads the specification's numbers", () => {
    const d = [0.85, 0.17, -0.38, 1.36, 0.81, 0.23, 1.98, 1.44, 0.74];
    const places = [6, 8, 10].flatMap((b) =>
      [10, 12, 14].map((n) => ({ batchSize: 2 ** b, datasetSize: 2 ** n })),
    );
    const { b, ratio } = planeStatistics(places, d);
    expectClose(b, 0.293333, 6);
    expectClose(ratio, 1.022727, 6);
  });

  it("pairs scored cells over the whole grid", () => {
    const files = syntheticFiles({
      batchSizes: [64, 256, 1024],
      datasetSizes: [12_500, 25_000, 50_000],
    });
    const cells = scoreCells(files, { tier: "mini", task: "mnist-mlp", facts: syntheticFacts() });
    const metric = METRICS["test-accuracy"];
    const found = planePoints(cells, { challenger: "kfac", baseline: "adamw", metric });
    expect(found).toHaveLength(9);
    const { b, ratio } = planeStatistics(
      found,
      found.map(({ difference }) => difference),
    );
    expect(b).toBeCloseTo(0.003, 3);
    expect(Math.abs(ratio - 1)).toBeLessThan(0.2);
  });
});

describe("claims over seeds", () => {
  const still = { layer: "body", top: [8, 2, 1, 1.1, 1] };
  const moving = (end: number) => ({ layer: "head", top: [8, 6, 4, 2, end] });

  it("eigenvalues settle except in the last layer", () => {
    const seeds = [1, 1.1, 0.9].map((end) => settlingOf([still, still, still, moving(end)]));
    expect(eigenvaluesSettleClaim(seeds, []).verdict).toBe("supported");
    const restless = [1, 1.1, 0.9].map((end) => settlingOf([moving(end), moving(end), still]));
    expect(eigenvaluesSettleClaim(restless, []).verdict).toBe("not supported");
    expect(eigenvaluesSettleClaim(seeds.slice(0, 2), [])).toMatchObject({
      verdict: "not enough data",
      missing: ["1 more seed with the diagnostics"],
    });
  });

  const run = (seed: number, by: "iterations" | "epochs"): CriterionCurve[] =>
    [1024, 4096, 16_384].map((batchSize) => {
      const stepsPerEpoch = 60_000 / batchSize;
      const step = Array.from({ length: 40 }, (_, index) => index * stepsPerEpoch * 0.5);
      const rate = 0.03 * (1 + 0.01 * seed);
      const criterion = step.map((one) =>
        Math.exp(-rate * (by === "iterations" ? one : (30 * one) / stepsPerEpoch)),
      );
      return { batchSize, stepsPerEpoch, step, criterion };
    });

  it("PSGD's criterion follows iterations, or epochs", () => {
    const claim = (by: "iterations" | "epochs") =>
      criterionIterationsClaim(
        [1, 2, 3].map((seed) => run(seed, by)),
        [],
      );
    expect(claim("iterations").verdict).toBe("supported");
    const spread = [1, 2, 3].map((seed) =>
      run(seed, "epochs").map((curve, index) => ({
        ...curve,
        criterion: curve.criterion.map((value) => value * (1 + 0.1 * index + 0.01 * seed)),
      })),
    );
    expect(criterionIterationsClaim(spread, []).verdict).toBe("not supported");
  });
});

describe("the inverse interval can be lengthened", () => {
  const cells = (loss: number): IntervalCell[] =>
    [300, 3000, 30_000].flatMap((interval, row) =>
      [0.1, 0.3, 10].map((percent) => ({
        percent,
        interval,
        values: [0.798, 0.7984, 0.7979].map(
          (value) => value - (percent < 10 || row > 0 ? loss : 0),
        ),
      })),
    );
  const options = { fromPercent: 0.3, missing: [] };

  it("non-inferior everywhere, surely inferior somewhere, or open", () => {
    expect(intervalLengthenedClaim(cells(0.0005), options).verdict).toBe("supported");
    expect(intervalLengthenedClaim(cells(0.01), options).verdict).toBe("not supported");
    for (const near of [0.0028, 0.003, 0.0031]) {
      expect(intervalLengthenedClaim(cells(near), options).verdict).toBe("not enough data");
    }
  });

  it("needs three seeds in every cell that it reads", () => {
    const single = cells(0).map((cell) => ({ ...cell, values: [at(cell.values, 0)] }));
    const result = intervalLengthenedClaim(single, options);
    expect(result.verdict).toBe("not enough data");
    expect(result.missing).toContain("interval 3000 after 0.3%: 1 of 3 seeds");
  });
});
