import { describe, expect, it } from "vitest";
import { areaUnderCurve, runningBest } from "./area.ts";
import { expectClose } from "./fixtures/expect-close.ts";

const x = [0, 100, 200, 300, 400];
const y = [0.1, 0.85, 0.93, 0.92, 0.97];

describe("area under the curve", () => {
  it("of the curve and of its running best", () => {
    expectClose(areaUnderCurve(x, y), 0.80875);
    expectClose(areaUnderCurve(x, runningBest(y)), 0.81125);
  });

  it("on a common range, cut by interpolation", () => {
    expectClose(areaUnderCurve(x, y, { from: 50, to: 150 }), (0.6625 * 50 + 0.87 * 50) / 100);
    expect(areaUnderCurve(x, y, { to: 500 })).toBeNaN();
  });

  it("stands at chance level after divergence", () => {
    const broken = [0.1, 0.5, Number.NaN, Number.NaN, Number.NaN];
    expectClose(areaUnderCurve(x, broken, { chance: 0.1 }), (0.3 + 0.3 + 0.1 + 0.1) / 4);
    expect(areaUnderCurve(x, broken)).toBeNaN();
  });
});
