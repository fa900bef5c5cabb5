import { expect, it } from "vitest";
import { stepsPerRun } from "./step-runs.ts";

it("runs small steps of a long trial together, large ones and short trials' alone", () => {
  expect(stepsPerRun(4000, 1e6)).toBe(4);
  expect(stepsPerRun(4000, 1e9)).toBe(1);
  expect(stepsPerRun(300, 1e6)).toBe(1);
});
