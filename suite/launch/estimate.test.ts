import { describe, expect, it } from "vitest";
import { estimator, longestFirst } from "./estimate.ts";
import { madeCell, madeKnown, madeTime } from "./testing/made-plan.ts";

/** Tier mini of mnist-mlp counts in epochs; 23 trials a cell. */
const epochs = madeKnown([]).task.tiers.mini?.budget.amount as number;
const updates = (batchSize: number, datasetSize: number) =>
  epochs * Math.floor(datasetSize / batchSize);

describe("estimator", () => {
  const known = madeKnown([madeTime("sgd", 64, 2), madeTime("sgd", 256, 8)]);
  const { seconds, work } = estimator(known);
  const evaluations = known.task.tiers.mini?.evaluations as number;
  const rest = evaluations * 0.01 + 0.02 + 1;

  it.each([
    [64, 0.002],
    [256, 0.008],
    [160, 0.005],
    [1024, 0.032],
    [16, 0.0005],
  ])("adds up steps, evaluations and compilation at batch size %i", (batchSize, step) => {
    const each = updates(batchSize, 50_000) * step + rest;
    expect(seconds(madeCell("sgd", batchSize, 50_000))).toBeCloseTo(23 * each, 6);
  });

  it("follows a step that grows faster than its batch", () => {
    const cubic = madeKnown([madeTime("seng", 256, 1), madeTime("seng", 512, 8)]);
    const each = updates(2048, 50_000) * 0.512 + rest;
    expect(estimator(cubic).seconds(madeCell("seng", 2048, 50_000))).toBeCloseTo(23 * each, 6);
  });

  it.each([
    ["what every step costs from what each example does", [4, 10], 0.0025],
    ["nothing from a smaller batch that took longer", [4, 3], 0.004],
    ["nothing from one measurement", [4], 0.004],
  ])("tells, below the smallest batch, %s", (_, milliseconds, step) => {
    const times = milliseconds.map((ms, i) => madeTime("sgd", [64, 256][i] as number, ms));
    const each = updates(16, 50_000) * step + rest;
    const estimate = estimator(madeKnown(times)).seconds(madeCell("sgd", 16, 50_000));
    expect(estimate).toBeCloseTo(23 * each, 6);
  });

  it("knows no time of a method that was not measured, but how it compares", () => {
    const cell = madeCell("mine", 64, 50_000);
    expect(seconds(cell)).toBeUndefined();
    expect(work(cell)).toBeCloseTo(work(madeCell("sgd", 64, 50_000)), 6);
    const nothing = estimator(madeKnown([]));
    const large = nothing.work(madeCell("mine", 4096, 50_000));
    // A hundredth of the updates, but as many examples and evaluations.
    expect(nothing.work(cell) / large).toBeGreaterThan(1.5);
    expect(nothing.work(cell) / large).toBeLessThan(4);
  });

  it("takes no time of another engine or device", () => {
    const gpu = estimator(madeKnown([madeTime("sgd", 64, 2)], "onnxruntime-cuda-made-t1"));
    expect(gpu.seconds(madeCell("sgd", 64, 50_000))).toBeUndefined();
  });

  it("takes the machine that was measured last", () => {
    const [old] = madeKnown([madeTime("sgd", 64, 50)]).times;
    const [table] = known.times;
    if (!old || !table) throw new Error("made without tables");
    const later = { ...table, deviceClass: "onnxruntime-cpu-new-t1", measuredAt: "2026-06-01" };
    const both = estimator({ ...known, times: [old, later] });
    const cell = madeCell("sgd", 64, 50_000);
    expect(both.seconds(cell)).toBe(seconds(cell));
  });

  it("takes another machine where that one measured nothing near", () => {
    const [table] = known.times;
    const [late] = madeKnown([madeTime("sgd", 1024, 9)], "onnxruntime-cpu-new-t1").times;
    if (!table || !late) throw new Error("made without tables");
    const both = estimator({ ...known, times: [table, { ...late, measuredAt: "2026-06-01" }] });
    const [near, far] = [madeCell("sgd", 160, 50_000), madeCell("sgd", 2048, 50_000)];
    expect(both.seconds(near)).toBe(seconds(near));
    expect(both.seconds(far)).toBeCloseTo(23 * (updates(2048, 50_000) * 0.018 + rest), 6);
  });

  it("costs nothing where a cell is invalid", () => {
    expect(seconds({ ...madeCell("sgd", 64, 50_000), invalid: "for a reason" })).toBe(0);
  });
});

describe("longestFirst", () => {
  it("orders by time, and leaves equal cells in the plan's order", () => {
    const estimate = estimator(madeKnown([madeTime("sgd", 64, 2), madeTime("kfac", 64, 9)]));
    const plans = [
      madeCell("sgd", 64, 10_000),
      madeCell("sgd", 64, 50_000),
      madeCell("kfac", 64, 50_000),
      madeCell("sgd", 64, 10_000),
    ];
    const order = longestFirst(plans, estimate).map((plan) => plans.indexOf(plan));
    expect(order).toEqual([2, 1, 0, 3]);
  });
});
