import { describe, expect, it } from "vitest";
import type { TableBatches } from "../data/batches.ts";
import { madeData } from "../train/made-data.ts";
import type { TrialSpec } from "../train/spec.ts";
import { StepClock } from "./step-clock.ts";
import { madeTask } from "./testing/made-task.ts";

/** Runs `steps` made steps, the k-th of which takes `millisecondsOf(k)`; returns how many it did. */
function run(
  options: {
    steps: number;
    evaluations?: number;
    hyperparameters?: object;
    dataMs?: number;
    /** As rows of a table, rather than copied. */
    fromTable?: boolean;
  },
  millisecondsOf: (step: number) => number,
) {
  const { steps, evaluations = 2, hyperparameters = {}, dataMs = 0 } = options;
  let time = 0;
  const protocol = { ...madeTask.tiers.smoke, evaluations };
  const made = madeData();
  const slow = {
    ...made,
    batches: (request: Parameters<typeof made.batches>[0]) => {
      const source = made.batches(request);
      const next = () => {
        time += dataMs;
        return source.next();
      };
      const table = { table: new Float32Array(), next } as unknown as TableBatches;
      return { ...source, next, ...(options.fromTable && { fromTable: table }) };
    },
  };
  const spec = { data: slow, steps, protocol, hyperparameters } as unknown as TrialSpec;
  let enough = false;
  const clock = new StepClock(
    spec,
    () => {
      enough = true;
    },
    () => time,
  );
  const batches = clock.data.batches({ datasetSize: 48, batchSize: 8, seed: 0 });
  let done = 0;
  while (done < steps && !enough) {
    (batches.fromTable ?? batches).next();
    time += millisecondsOf(++done);
  }
  return { done, ...clock.read() };
}

describe("the clock of a trial's steps", () => {
  it("leaves out the steps before the warm ones, and stops when it has enough", () => {
    const { done, mean, fastest } = run({ steps: 10_000 }, (step) => (step < 40 ? 20 : 2));
    expect(mean).toBeCloseTo(0.002, 9);
    expect(fastest).toBeCloseTo(0.002, 9);
    expect(done).toBeLessThan(250);
  });

  it("leaves out the time of evaluations", () => {
    const evaluatesAt = (step: number) => step % 10 === 0;
    const { mean } = run({ steps: 1000, evaluations: 101 }, (step) =>
      evaluatesAt(step) ? 500 : 5,
    );
    expect(mean).toBeCloseTo(0.005, 9);
  });

  it("takes the mean over whole intervals, a refresh included", () => {
    const { mean } = run(
      { steps: 10_000, hyperparameters: { curvatureInterval: 5, inverseInterval: 50 } },
      (step) => (step % 50 === 0 ? 104 : 4),
    );
    expect(mean).toBeCloseTo((49 * 4 + 104) / 50 / 1000, 9);
  });

  it.each([false, true])("tells the wait for data apart (from a table: %s)", (fromTable) => {
    const { mean, dataShare } = run({ steps: 10_000, dataMs: 1, fromTable }, () => 3);
    expect(mean).toBeCloseTo(0.004, 9);
    expect(dataShare).toBeCloseTo(0.25, 9);
  });

  it("reads a trial that ends just as it becomes warm", () => {
    for (let steps = 6; steps < 30; steps++) {
      const { mean, dataShare } = run({ steps, dataMs: 1 }, () => 99);
      expect(mean).toBeCloseTo(0.1, 9);
      expect(dataShare).toBeCloseTo(0.01, 9);
    }
  });

  it("is content with few steps where they are slow", () => {
    const { done, mean } = run({ steps: 1000 }, () => 2000);
    expect(done).toBeLessThan(14);
    expect(mean).toBeCloseTo(2, 9);
  });

  it("takes what there is of a short trial, but for its first steps", () => {
    const { done, mean } = run({ steps: 20 }, (step) => (step <= 4 ? 100 : 5));
    expect(done).toBe(20);
    expect(mean).toBeCloseTo(0.005, 9);
  });
});
