import { expect, it } from "vitest";
import { stepsPerRun } from "./step-runs.ts";

it("runs small steps of a long trial together, all others alone", () => {
  const small = { calls: 80, flops: 4e8 };
  expect(stepsPerRun(4000, small)).toBe(4);
  expect(stepsPerRun(300, small)).toBe(1);
  expect(stepsPerRun(4000, { ...small, flops: 1e10 })).toBe(1);
  expect(stepsPerRun(4000, { ...small, calls: 700 })).toBe(1);
});
