import { describe, expect, it } from "vitest";
import { cellFileSchema, MAX_FILE_BYTES } from "../results/schema.ts";
import { at, sum } from "./statistics.ts";
import { syntheticFiles, syntheticPeak, syntheticTrials } from "./synthetic.ts";

describe("synthetic trials", () => {
  it.each(["mini", "paper", "smoke"] as const)("are valid result files of tier %s", (tier) => {
    for (const file of syntheticFiles({ tier, batchSizes: [64, 2048] })) {
      expect(() => cellFileSchema.parse(file)).not.toThrow();
      expect(JSON.stringify(file).length).toBeLessThan(MAX_FILE_BYTES);
    }
  });

  it("are the same every time, and others with another seed", () => {
    const one = syntheticFiles({ batchSizes: [64] });
    expect(syntheticFiles({ batchSizes: [64] })).toEqual(one);
    expect(syntheticFiles({ batchSizes: [64], seed: 2 })).not.toEqual(one);
  });

  it("have distinct keys and some divergence", () => {
    const files = syntheticFiles({ datasetSizes: [10_000, 50_000] });
    const trials = files.flatMap((file) => file.trials);
    expect(new Set(trials.map(({ key }) => key)).size).toBe(trials.length);
    const diverged = trials.filter(({ status }) => status === "diverged").length;
    expect(diverged).toBeGreaterThan(0);
    expect(diverged).toBeLessThan(trials.length / 4);
  });

  it("take the store's own keys", () => {
    const keyOf = () => "ab".repeat(16);
    const file = at(syntheticFiles({ batchSizes: [64], keyOf }), 0);
    expect(file.trials.every(({ key }) => key === "ab".repeat(16))).toBe(true);
  });

  it("cross where it was planted, at a fixed ratio of batch to dataset", () => {
    const lead = { from: 700, perDoubling: 0.003 };
    const gap = (batchSize: number, datasetSize: number) => {
      const peak = (optimizer: Parameters<typeof syntheticPeak>[0]["optimizer"]) =>
        syntheticPeak({ optimizer, batchSize, datasetSize }, 50_000);
      return peak({ id: "kfac", lead }) - peak({ id: "adamw" });
    };
    expect(gap(700, 50_000)).toBeCloseTo(0, 12);
    expect(gap(350, 25_000)).toBeCloseTo(0, 12);
    expect(gap(1400, 50_000)).toBeCloseTo(0.003, 12);
  });

  it("come in any number", () => {
    const files = syntheticTrials(2000);
    const trials = sum(files.map((file) => file.trials.length));
    expect(trials).toBeGreaterThanOrEqual(2000);
    expect(trials).toBeLessThan(2040);
  });
});
