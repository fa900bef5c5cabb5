import { describe, expect, it } from "vitest";
import { criticalBatchOverSeeds } from "./critical-batch.ts";
import { METRICS } from "./metric.ts";
import { performanceRatios, profileScore } from "./profiles.ts";
import { scoreCells } from "./score-cells.ts";
import { at } from "./statistics.ts";
import { syntheticFacts, syntheticFiles } from "./synthetic.ts";
import { profileTimes, seededSteps, targetTimes } from "./target-times.ts";

const files = syntheticFiles({ batchSizes: [64, 256, 1024, 4096] });
const cells = scoreCells(files, { tier: "mini", task: "mnist-mlp", facts: syntheticFacts() });
const options = { metric: METRICS["test-accuracy"], unit: "steps" } as const;

describe("times to target of scored cells", () => {
  const times = targetTimes(files, cells, { ...options, target: 0.95 });

  it("one run per report seed", () => {
    expect(times).toHaveLength(cells.length);
    expect(times.every(({ runs }) => runs.length === 3)).toBe(true);
    expect(times.every(({ summary }) => Number.isFinite(summary.median))).toBe(true);
  });

  it("are censored when nobody reaches the target", () => {
    const never = targetTimes(files, cells, { ...options, target: 0.9999 });
    expect(never.every(({ summary }) => summary.successes === 0)).toBe(true);
    const ratios = performanceRatios(profileTimes(never));
    expect(profileScore(ratios.kfac ?? [])).toBe(0);
  });

  it("make a profile in which an absent cell counts as unsolved", () => {
    const all = profileTimes(times);
    expect(Object.values(all).every((row) => row.length === 4)).toBe(true);
    const some = times.filter(({ cell }) => cell.optimizer !== "kfac" || cell.batchSize === 64);
    expect(profileTimes(some).kfac?.filter(Number.isFinite)).toHaveLength(1);
    const score = (id: string) => profileScore(performanceRatios(all)[id] ?? []);
    expect(score("shampoo")).toBeGreaterThan(score("sgd"));
  });

  it("feed the critical batch size", () => {
    const data = seededSteps(times, "adamw");
    expect(data.map(({ batchSize }) => batchSize)).toEqual([64, 256, 1024, 4096]);
    expect(at(data, 0).steps).toHaveLength(3);
    expect(criticalBatchOverSeeds(data, { replicates: 50 }).fit.kind).toBe("fit");
  });

  it("fall back to the validation curve where the test set was not looked at", () => {
    const hidden = files.map((file) => ({
      ...file,
      trials: file.trials.map((trial) => {
        const { testAccuracy: _, ...evaluations } = trial.evaluations;
        return { ...trial, evaluations };
      }),
    }));
    expect(targetTimes(hidden, cells, { ...options, target: 0.95 })).toHaveLength(cells.length);
  });
});
