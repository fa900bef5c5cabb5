import { expect, it } from "vitest";
import { madeCell } from "../launch/testing/made-plan.ts";
import type { CellPlan } from "../protocol/plan.ts";
import { timeLeft } from "./time-left.ts";

/** Cells of 23 trials. The tables say that a trial takes 2 s, of K-FAC 6 s. */
const [sgd, kfac] = [madeCell("sgd", 64, 50_000), madeCell("kfac", 64, 50_000)];
const work = ({ cell }: CellPlan) => 23 * (cell.optimizer === "kfac" ? 6 : 2);

function started(plans: readonly CellPlan[], workers = 1) {
  let clock = 1000;
  const left = timeLeft(plans, { work }, workers, () => clock);
  return { left, pass: (seconds: number) => (clock += seconds) };
}

it("says nothing before anything has run", () => {
  expect(started([sgd]).left.seconds()).toBeUndefined();
});

it("scales the tables by what this machine takes", () => {
  const { left } = started([sgd, kfac]);
  left.trialEnded(sgd.cell, 3, false);
  // 22 trials of 3 s, and K-FAC's 23 of 6 s at the same 1.5 times.
  expect(left.seconds()).toBeCloseTo(22 * 3 + 23 * 9, 9);
  expect(left.share()).toBeCloseTo(2 / (23 * 8), 9);
});

it("learns each method's own cost, however wrong the tables are", () => {
  const { left } = started([sgd, kfac]);
  left.trialEnded(sgd.cell, 2, false);
  left.trialEnded(kfac.cell, 60, false);
  expect(left.seconds()).toBeCloseTo(22 * 2 + 22 * 60, 9);
});

it("ends at nothing, whatever was expected", () => {
  const { left } = started([sgd]);
  const seen: number[] = [];
  for (let trial = 0; trial < 23; trial++) {
    left.trialEnded(sgd.cell, 5, false);
    seen.push(left.seconds() as number);
  }
  expect(seen[0]).toBe(22 * 5);
  expect(seen.at(-1)).toBe(0);
  expect(left.share()).toBe(1);
  left.trialEnded(sgd.cell, 5, false);
  expect(left.seconds()).toBe(0);
});

it("does not take known trials for fast ones", () => {
  const { left } = started([sgd]);
  for (let trial = 0; trial < 10; trial++) left.trialEnded(sgd.cell, 4, true);
  expect(left.seconds()).toBeUndefined();
  left.trialEnded(sgd.cell, 4, false);
  expect(left.seconds()).toBeCloseTo(12 * 4, 9);
});

it("counts the trial in flight by its share", () => {
  const { left, pass } = started([sgd]);
  left.progressed(sgd.cell, 0);
  expect(left.seconds()).toBeUndefined();
  pass(10);
  left.progressed(sgd.cell, 0.25);
  expect(left.seconds()).toBeCloseTo(30 + 22 * 40, 9);
});

it("does not take an interrupted trial's first part for a fast one", () => {
  const { left, pass } = started([sgd]);
  left.trialEnded(sgd.cell, 4, true);
  left.progressed(sgd.cell, 0.5);
  expect(left.seconds()).toBeUndefined();
  pass(10);
  left.progressed(sgd.cell, 0.75);
  expect(left.seconds()).toBeCloseTo(10 + 21 * 40, 9);
});

it("divides among the workers, but never a cell", () => {
  const { left } = started([sgd, kfac], 2);
  left.trialEnded(sgd.cell, 2, false);
  expect(left.seconds()).toBeCloseTo(23 * 6, 9);
  const even = started([sgd, madeCell("sgd", 128, 50_000)], 2).left;
  even.trialEnded(sgd.cell, 2, false);
  expect(even.seconds()).toBeCloseTo(23 * 2, 9);
});

it("expects nothing more of a cell that ended or failed", () => {
  const { left } = started([sgd, kfac]);
  left.trialEnded(sgd.cell, 2, false);
  left.cellEnded(kfac.cell);
  expect(left.seconds()).toBeCloseTo(22 * 2, 9);
});
