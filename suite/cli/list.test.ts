import { expect, it } from "vitest";
import { madeTask } from "../launch/testing/made-task.ts";
import { taskTable, trialTimes } from "./list.ts";

const entry = (optimizer: string, batchSize: number, stepSeconds: number) => ({
  task: "made",
  tier: "smoke" as const,
  optimizer,
  batchSize,
  stepSeconds,
  fastestStepSeconds: stepSeconds,
  evaluationSeconds: 0.1,
  finalSeconds: 0.3,
  compileSeconds: 0.2,
});

const times = [
  {
    deviceClass: "onnxruntime-cpu-made-t1",
    measuredAt: "2026-01-01T00:00:00.000Z",
    commit: "unknown",
    entries: [
      entry("sgd", 8, 0.1),
      entry("sgd", 16, 0.1),
      entry("kfac", 8, 2),
      entry("kfac", 16, 4),
    ],
  },
];

// 10 epochs of 48: 60 updates at batch 8, 30 at 16; five evaluations, the last, the compilation.
it("shows what a trial took, from the least to the most", () => {
  const [smoke, mini] = ["smoke", "mini"].map((tier) =>
    taskTable([madeTask], times)
      .split("\n")
      .find((line) => new RegExp(`^made +${tier}`).test(line)),
  );
  expect(smoke).toContain("4.0 s to 2 min");
  expect(mini).toContain("not measured");
});

it("shows each method and batch size of one task", () => {
  const text = trialTimes(madeTask, "smoke", times);
  expect(text).toMatch(/sgd +7\.0 s +4\.0 s/);
  expect(text).toMatch(/kfac +2 min +2 min/);
});

it("says how to measure what was not", () => {
  expect(trialTimes(madeTask, "mini", times)).toContain(
    "npm run speed -- --trials --task made --tier mini",
  );
});
