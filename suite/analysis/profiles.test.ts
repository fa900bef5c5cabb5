import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { expectClose } from "./fixtures/expect-close.ts";
import { performanceRatios, profileAt, profileCurve, profileScore } from "./profiles.ts";

const inf = Number.POSITIVE_INFINITY;
const A = [100, 200, inf, 50];
const B = [150, 100, 300, 200];
const C = [400, 110, 600, inf];

describe("performance profiles", () => {
  it("scores and shares", () => {
    const ratios = performanceRatios({ A, B, C });
    expectClose(profileScore(ratios.A ?? []), 0.666667, 6);
    expectClose(profileScore(ratios.B ?? []), 0.708333, 6);
    expectClose(profileScore(ratios.C ?? []), 0.408333, 6);
    expect([1, 2, 4].map((tau) => profileAt(ratios.B ?? [], tau))).toEqual([0.5, 0.75, 1]);
  });

  it("depend on who else is in the set", () => {
    expectClose(profileScore(performanceRatios({ B, C }).C ?? []), 0.519444, 6);
  });

  it("a task that nobody solves is 0 for all and stays in n", () => {
    const ratios = performanceRatios({ A: [1, inf], B: [2, inf] });
    expectClose(profileScore(ratios.A ?? []), 0.5);
    expectClose(profileScore(ratios.B ?? []), 1 / 3);
  });

  it("the score is the integral of the profile over [1, 4], divided by 3", () => {
    const times = fc.array(fc.double({ min: 1, max: 6, noNaN: true }), {
      minLength: 1,
      maxLength: 6,
    });
    fc.assert(
      fc.property(times, (ratios) => {
        const curve = profileCurve(ratios);
        const area = curve.reduce((total, { tau, share }, index) => {
          const next = curve[index + 1];
          return next ? total + share * (next.tau - tau) : total;
        }, 0);
        expectClose(profileScore(ratios), area / 3, 9);
      }),
    );
  });
});
