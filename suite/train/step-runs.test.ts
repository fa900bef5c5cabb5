import { expect, it } from "vitest";
import { stepsPerRun } from "./step-runs.ts";

it("runs small steps of a long trial together, all others alone", () => {
  const small = { calls: 80, flops: 1e7 };
  expect(stepsPerRun(4000, small)).toBe(4);
  expect(stepsPerRun(300, small)).toBe(1);
  expect(stepsPerRun(4000, { ...small, flops: 1e9 })).toBe(1);
  expect(stepsPerRun(4000, { ...small, calls: 700 })).toBe(1);
});
