import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { syntheticFiles } from "../analysis/synthetic.ts";
import type { CellPlan } from "../protocol/plan.ts";
import type { CellFile } from "../results/schema.ts";
import { cellPath, writeCellFile } from "../results/store.ts";
import { estimator } from "./estimate.ts";
import { costOfPlan, runningOrder } from "./plan-cost.ts";
import { madeKnown, madePlan, madeTime } from "./testing/made-plan.ts";

const [file] = syntheticFiles({ batchSizes: [64] }) as [CellFile];
const tuned = file.trials.filter(({ role }) => role === "tune");

/** The plan whose file the synthetic one is. */
const plan: CellPlan = {
  cell: file.cell,
  arm: file.arm,
  configurations: tuned.map(({ hyperparameters }) => hyperparameters),
  reportSeeds: [1, 2, 3],
  diagnosticPoints: 0,
};

const known = madeKnown([madeTime(plan.cell.optimizer, 64, 3)]);
let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "crossover-cost-"));
});
afterEach(() => rmSync(root, { recursive: true }));

const costOf = (plans: readonly CellPlan[], deviceClass = file.device.class) =>
  costOfPlan(plans, { ...known, root, deviceClass, workers: 2 });
const put = (trials: CellFile["trials"]) =>
  writeCellFile(join(root, cellPath(file.cell, file.arm, file.device.class)), { ...file, trials });

it("counts a plan of 100,000 trials before anything ran", () => {
  const cost = costOf(madePlan(100_000, ["sgd", "adamw", "kfac"]));
  expect(cost.trials).toBe(23 * 4348);
  expect(cost.finished).toBe(0);
});

it("subtracts what is finished, and divides the rest among the workers", () => {
  const whole = estimator(known).seconds(plan) as number;
  expect(costOf([plan])).toMatchObject({ finished: 0, seconds: whole / 2, unmeasured: 0 });
  put(tuned.slice(0, 4));
  const trials = tuned.length + 3;
  expect(costOf([plan])).toMatchObject({ trials, finished: 4 });
  expect(costOf([plan]).seconds).toBeCloseTo((whole / 2) * ((trials - 4) / trials), 9);
  put(file.trials);
  expect(costOf([plan])).toMatchObject({ trials, finished: trials, seconds: 0 });
});

it("does not count trials that are not planned, or of another machine, where they would run again", () => {
  put(file.trials);
  const other = { ...plan, configurations: [{ learningRate: 0.123 }] };
  expect(costOf([other]).finished).toBe(0);
  const fewer = { ...plan, reportSeeds: [1] };
  expect(costOf([fewer]).finished).toBe(tuned.length + 1);
  const elsewhere = costOf([plan], "onnxruntime-cpu-another-t1");
  expect(elsewhere.finished).toBe(0);
  expect(elsewhere.seconds).toBe((estimator(known).seconds(plan) as number) / 2);
});

it("says how many cells were never measured", () => {
  const cell = { ...plan.cell, optimizer: "mine" };
  expect(costOf([plan, { ...plan, cell }]).unmeasured).toBe(1);
  const deviceClass = file.device.class;
  const unmeasured = () =>
    costOfPlan([plan], { ...madeKnown([]), root, deviceClass, workers: 2 }).unmeasured;
  expect(unmeasured()).toBe(1);
  put(file.trials);
  expect(unmeasured(), "nothing is left to estimate").toBe(0);
});

it("counts nothing in a file that is broken", () => {
  put(file.trials);
  writeFileSync(join(root, cellPath(file.cell, file.arm, file.device.class)), '{"trials": [');
  expect(costOf([plan]).finished).toBe(0);
});

it("runs finished cells first, for they are only read, and then the longest", () => {
  const large = { ...plan, cell: { ...plan.cell, batchSize: 128 } };
  const batchSizes = () =>
    runningOrder(costOf([large, plan]), estimator(known)).map(({ cell }) => cell.batchSize);
  put(tuned);
  expect(batchSizes(), "none is finished").toEqual([64, 128]);
  const path = join(root, cellPath(large.cell, file.arm, file.device.class));
  writeCellFile(path, { ...file, cell: large.cell });
  expect(batchSizes()).toEqual([128, 64]);
});
