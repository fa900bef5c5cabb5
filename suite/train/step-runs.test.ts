import { expect, it } from "vitest";
import type { Cost } from "../engine/cost.ts";
import { PHASES } from "../engine/phase.ts";
import { stepsPerRun } from "./step-runs.ts";

it("runs small plain steps of a long trial together, all others alone", () => {
  const none = { flops: 0, bytes: 0 };
  const phases = Object.fromEntries(PHASES.map((phase) => [phase, none])) as Cost["phases"];
  const small = { calls: 80, flops: 4e8, phases: { ...phases, update: { flops: 1e7, bytes: 0 } } };
  expect(stepsPerRun(4000, small)).toBe(4);
  expect(stepsPerRun(300, small)).toBe(1);
  expect(stepsPerRun(4000, { ...small, flops: 1e10 })).toBe(1);
  expect(stepsPerRun(4000, { ...small, calls: 700 })).toBe(1);
  const preconditioned = { ...small.phases, precondition: { flops: 1e7, bytes: 0 } };
  expect(stepsPerRun(4000, { ...small, phases: preconditioned })).toBe(1);
});
