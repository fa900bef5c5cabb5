import { describe, expect, it } from "vitest";
import { rateFactor } from "./schedule.ts";

describe("rateFactor", () => {
  it("falls once per epoch along half a cosine", () => {
    const schedule = { kind: "cosine", per: "epoch", warmupSteps: 0 } as const;
    const factors = [0, 2, 3, 5, 6, 59].map((step) => rateFactor(schedule, step, 60, 3));
    const at = (epoch: number) => 0.5 * (1 + Math.cos((Math.PI * epoch) / 20));
    expect(factors).toEqual([1, 1, at(1), at(1), at(2), at(19)]);
  });

  it("falls at every step when asked to", () => {
    const schedule = { kind: "cosine", per: "step", warmupSteps: 0 } as const;
    expect(rateFactor(schedule, 30, 60, 3)).toBeCloseTo(0.5, 12);
    expect(rateFactor(schedule, 59, 60, 3)).toBeGreaterThan(0);
  });

  it("rises linearly first", () => {
    const schedule = { kind: "constant", per: "step", warmupSteps: 4 } as const;
    expect([0, 1, 2, 3, 4].map((step) => rateFactor(schedule, step, 9, 3))).toEqual([
      0.25, 0.5, 0.75, 1, 1,
    ]);
  });
});
