import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { syntheticFiles } from "../analysis/synthetic.ts";
import { madeCell } from "../launch/testing/made-plan.ts";
import type { CellFile, Trial } from "../results/schema.ts";
import { progressView } from "./progress.ts";

const [file] = syntheticFiles({ batchSizes: [64] }) as [CellFile];
const trial: Trial = {
  ...(file.trials[0] as Trial),
  final: { trainLoss: 0.1, testLoss: 0.1, testAccuracy: 0.98765 },
};
const seconds = trial.cost.seconds.train + trial.cost.seconds.evaluate + trial.cost.seconds.compile;
const plan = madeCell("sgd", 64, 50_000);
const options = { estimate: { work: () => 23 }, workers: 1 };

let out = "";
let err = "";
beforeEach(() => {
  [out, err] = ["", ""];
  vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    out += text;
    return true;
  });
  vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    err += text;
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
});

it("writes a plain line per new result where there is no terminal", () => {
  const view = progressView([plan], { ...options, mode: "lines" });
  view.onMessage({ kind: "trial", cell: plan.cell, trial, reused: true });
  view.onMessage({ kind: "trial", cell: plan.cell, trial, reused: false });
  view.onCellEnd(plan, new Error("no memory"));
  const lines = err.trimEnd().split("\n");
  expect(lines[0]).toMatch(/^2\/23 {2}sgd b64 n50000 .*98\.77 %, .* · about .* left$/);
  expect(lines[1]).toBe("failed: sgd b64 n50000: no memory");
  expect(err).not.toContain("\u001b");
  expect(out).toBe("");
});

it("says nothing of the time left behind the last result", () => {
  const last = { ...plan, configurations: plan.configurations.slice(0, 1), reportSeeds: [1] };
  const view = progressView([last], { ...options, mode: "lines" });
  view.onMessage({ kind: "trial", cell: plan.cell, trial, reused: false });
  expect(err).toMatch(/^1\/1 [^·]*\n$/);
});

it("counts what was known already, in one line", () => {
  const view = progressView([plan], { ...options, mode: "lines" });
  for (let i = 0; i < 3; i++) {
    view.onMessage({ kind: "trial", cell: plan.cell, trial, reused: true });
  }
  view.stop();
  expect(err).toBe("3 of 23 trials were known already.\n");
});

it("writes one JSON object per event for machines", () => {
  const view = progressView([plan], { ...options, mode: "json" });
  view.onMessage({ kind: "progress", cell: plan.cell, share: 0.5 });
  view.onMessage({ kind: "trial", cell: plan.cell, trial, reused: false });
  view.onCellEnd(plan, new Error("no memory"));
  const events = out
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(events).toMatchObject([
    { kind: "trial", optimizer: "sgd", batchSize: 64, key: trial.key, done: 1, total: 23 },
    { kind: "failure", optimizer: "sgd", message: "no memory" },
  ]);
  expect(events[0].secondsLeft).toBe(Math.round(22 * seconds));
  expect(err).toBe("");
});
