import { describe, expect, it } from "vitest";
import { PHASES } from "../engine/phase.ts";
import { type PhaseFlops, phaseTimes, type Refresh } from "./step-phases.ts";

const variant = (refresh: Refresh | "none", curvature: number, ...blocks: number[]) => {
  const flops = { ...Object.fromEntries(PHASES.map((phase) => [phase, 1])), curvature };
  return { refresh, blocks, flops: flops as PhaseFlops };
};

describe("phases by difference", () => {
  it("are taken within a round, so that drift cancels", () => {
    const variants = [
      variant("1", 7, 20, 40, 21),
      variant("statistics", 7, 8, 28, 9),
      variant("never", 0, 5, 25, 6),
    ];
    const phases = phaseTimes(variants, [1, 21, 2]);
    expect(phases).toEqual({ precondition: 4, curvature: 3, inverse: 12 });
  });

  it("keep statistics with the inverse where they are only taken for one", () => {
    const variants = [variant("1", 7, 20), variant("statistics", 0, 5), variant("never", 0, 5)];
    expect(phaseTimes(variants, [1])).toEqual({ precondition: 4, inverse: 15 });
  });

  it("call everything curvature where it has the one interval", () => {
    const variants = [variant("1", 7, 20), variant("never", 0, 5)];
    expect(phaseTimes(variants, [1])).toEqual({ precondition: 4, curvature: 15 });
  });

  it("keep statistics with the preconditioning where they have no interval", () => {
    const variants = [variant("1", 7, 20), variant("statistics", 7, 5)];
    expect(phaseTimes(variants, [1])).toEqual({ precondition: 4, inverse: 15 });
  });

  it("keep the preconditioning with the last where a step that renews does it another way", () => {
    const solved = (one: ReturnType<typeof variant>) => ({
      ...one,
      flops: { ...one.flops, precondition: 0 },
    });
    const [everything, statistics] = [
      solved(variant("1", 7, 20, 41)),
      variant("statistics", 7, 8, 29),
    ];
    const never = variant("never", 0, 5, 25);
    expect(phaseTimes([everything, statistics, never], [1, 21])).toEqual({
      curvature: 4,
      inverse: 16,
    });
    expect(phaseTimes([everything, never], [1, 21])).toEqual({ curvature: 20 });
    expect(phaseTimes([everything, statistics], [1, 21])).toEqual({ inverse: 20 });
  });

  it("are none where nothing is refreshed", () => {
    expect(phaseTimes([variant("none", 0, 5)], [1])).toBeUndefined();
  });
});
