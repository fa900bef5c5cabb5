import { describe, expect, it } from "vitest";
import { expectClose } from "./fixtures/expect-close.ts";
import { at } from "./statistics.ts";
import { syntheticFiles } from "./synthetic.ts";
import { evaluationCurve, summariseTimes, TARGET_UNITS, timeToTarget } from "./time-to-target.ts";

const curve = { unit: [0, 100, 200, 300, 400], value: [0.1, 0.85, 0.93, 0.92, 0.97] };
const inf = Number.POSITIVE_INFINITY;

describe("time to target", () => {
  it("interpolates within the running best for display, and scores the evaluation", () => {
    const late = timeToTarget(curve, 0.95);
    expectClose(late.display, 350);
    expect(late.score).toBe(400);
    const early = timeToTarget(curve, 0.9);
    expectClose(early.display, 162.5);
    expect(early.score).toBe(200);
  });

  it("censors: never reached, reached at once, ended by divergence", () => {
    expect(timeToTarget(curve, 0.98)).toEqual({
      score: inf,
      display: inf,
      censored: "right",
      budget: 400,
    });
    expect(timeToTarget(curve, 0.05)).toMatchObject({ score: 0, censored: "left" });
    const broken = { unit: [0, 1, 2], value: [0.1, Number.NaN, 0.9] };
    expect(timeToTarget(broken, 0.5).censored).toBe("right");
  });

  it("over seeds: median, restricted mean, expected running time", () => {
    const runs = [350, 420, inf].map((time) => ({
      score: time,
      display: time,
      censored: time === inf ? ("right" as const) : null,
      budget: 500,
    }));
    const summary = summariseTimes(runs);
    expect(summary.median).toBe(420);
    expectClose(summary.restrictedMean, 423.3333, 4);
    expectClose(summary.expectedRunningTime, 635);
    expect(summary).toMatchObject({ successes: 2, runs: 3 });
    const none = summariseTimes(runs.slice(2));
    expect([none.median, none.expectedRunningTime]).toEqual([inf, inf]);
  });

  it("reads a trial in four units, each from its own series", () => {
    const file = at(syntheticFiles({ batchSizes: [256] }), 0);
    const trial = file.trials.find(({ status }) => status === "finished");
    if (!trial) throw new Error("no finished trial");
    const times = TARGET_UNITS.map((unit) => {
      const found = evaluationCurve(trial, { column: "testAccuracy", unit, batchSize: 256 });
      return found ? timeToTarget(found, 0.9).score : Number.NaN;
    });
    const [steps, samples, flops, seconds] = times;
    expect(samples).toBe(256 * (steps ?? 0));
    expect(flops).toBeGreaterThan(samples ?? inf);
    expect(seconds).toBeGreaterThan(0);
    const loss = evaluationCurve(trial, { column: "trainLoss", unit: "steps", batchSize: 256 });
    expect(loss && timeToTarget(loss, -1).score).toBeGreaterThan(0);
    const missing = { column: "validationLoss", unit: "steps", batchSize: 256 } as const;
    expect(evaluationCurve(trial, missing)).toBeNull();
  });
});
