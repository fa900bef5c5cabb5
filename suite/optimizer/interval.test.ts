import { describe, expect, it } from "vitest";
import {
  curvatureDue,
  type IntervalHyperparameters,
  inverseDue,
  inversesFollowCurvature,
  refreshesEveryStep,
  statisticsDue,
} from "./interval.ts";

const plain = { curvatureInterval: 1, inverseInterval: 1, earlyShare: 0, earlyInterval: 10 };
const intervals = (changes: Partial<IntervalHyperparameters>) => ({ ...plain, ...changes });

const dueSteps = (due: (info: { step: number; rateFactor: number; progress: number }) => boolean) =>
  Array.from({ length: 100 }, (_, step) => step).filter((step) =>
    due({ step, rateFactor: 1, progress: step / 100 }),
  );

describe("intervals", () => {
  it("begin with step 0 and are apart", () => {
    const h = intervals({ curvatureInterval: 20, inverseInterval: 40 });
    expect(dueSteps((info) => curvatureDue(h, info))).toEqual([0, 20, 40, 60, 80]);
    expect(dueSteps((info) => inverseDue(h, info))).toEqual([0, 40, 80]);
  });

  it("are dense in the early share of training (Table 2), then sparse", () => {
    const h = intervals({ inverseInterval: 50, earlyShare: 0.3, earlyInterval: 10 });
    expect(dueSteps((info) => inverseDue(h, info))).toEqual([0, 10, 20, 50]);
    const never = intervals({ inverseInterval: 50, earlyShare: 0 });
    expect(dueSteps((info) => inverseDue(never, info))).toEqual([0, 50]);
  });

  it("say whether inverses are always of fresh statistics", () => {
    expect(refreshesEveryStep(plain)).toBe(true);
    expect(refreshesEveryStep(intervals({ earlyShare: 0.1 }))).toBe(false);
    expect(inversesFollowCurvature(intervals({ curvatureInterval: 2, inverseInterval: 6 }))).toBe(
      true,
    );
    expect(inversesFollowCurvature(intervals({ curvatureInterval: 4, inverseInterval: 6 }))).toBe(
      false,
    );
    const early = { curvatureInterval: 4, inverseInterval: 8, earlyShare: 0.1 };
    expect(inversesFollowCurvature(intervals(early))).toBe(false);
  });

  it("leave out batches whose statistics nobody would use", () => {
    const h = intervals({ curvatureInterval: 10, inverseInterval: 50 });
    const due = (statistics: string, at = h) =>
      dueSteps((info) => statisticsDue({ ...at, statistics }, info));
    expect(due("batch")).toEqual([0, 50]);
    expect(due("ema")).toEqual([0, 10, 20, 30, 40, 50, 60, 70, 80, 90]);
    expect(due("batch", intervals({ curvatureInterval: 30, inverseInterval: 50 }))).toEqual([
      0, 30, 60, 90,
    ]);
  });
});
