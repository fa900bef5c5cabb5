import { describe, expect, it } from "vitest";
import { type CriterionCurve, criterionSpread, iterationShare } from "./criterion.ts";
import { secondHalfRange, settlingOf } from "./eigenvalues.ts";
import { expectClose } from "./fixtures/expect-close.ts";

describe("eigenvalues over the second half", () => {
  it("in doublings", () => {
    expectClose(secondHalfRange([8, 2, 1, 1.1, 1]), 0.137504, 6);
    expectClose(secondHalfRange([8, 6, 4, 2, 1]), 2);
  });

  it("the last layer apart from the rest", () => {
    const still = { layer: "body", top: [8, 2, 1, 1.1, 1] };
    const moving = { layer: "head", top: [8, 6, 4, 2, 1] };
    const layers = [...Array.from({ length: 9 }, () => still), moving, moving];
    const { body, last } = settlingOf(layers);
    expectClose(body, 0.137504, 6);
    expectClose(last, 2);
    expectClose(settlingOf([still, moving, moving, still]).body, 2);
  });
});

/** A criterion that falls with iterations (or with epochs), for three batch sizes. */
function curves(by: "iterations" | "epochs"): CriterionCurve[] {
  return [1024, 4096, 16_384].map((batchSize) => {
    const stepsPerEpoch = 60_000 / batchSize;
    const step = Array.from({ length: 60 }, (_, index) => Math.round(index * stepsPerEpoch * 0.33));
    const criterion = step.map((one) =>
      Math.exp(-(by === "iterations" ? one / 30 : one / stepsPerEpoch / 4)),
    );
    return { batchSize, stepsPerEpoch, step, criterion };
  });
}

describe("PSGD's criterion", () => {
  it("coincides over the axis that it follows", () => {
    expect(criterionSpread(curves("iterations"), "iterations")).toBeCloseTo(0, 6);
    expect(criterionSpread(curves("iterations"), "epochs")).toBeGreaterThan(1);
    expect(iterationShare(curves("iterations"))).toBeLessThan(0.01);
    expect(iterationShare(curves("epochs"))).toBeGreaterThan(2);
  });

  it("compares on the common range alone", () => {
    const [long, ...rest] = curves("iterations");
    if (!long) throw new Error("no curve");
    const cut = { ...long, step: long.step.slice(0, 30), criterion: long.criterion.slice(0, 30) };
    expect(criterionSpread([cut, ...rest], "iterations")).toBeCloseTo(0, 6);
  });
});
