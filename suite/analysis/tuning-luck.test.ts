import { describe, expect, it } from "vitest";
import { curveOf, pairCurves } from "./curve.ts";
import { makeFile, makeTrial } from "./fixtures/cells.ts";
import { METRICS } from "./metric.ts";
import { differencePValue, SIGNIFICANCE } from "./ranks.ts";
import { scoreCells } from "./score-cells.ts";
import { scoreCell } from "./scored-cell.ts";
import { at } from "./statistics.ts";
import { syntheticFacts, syntheticFiles } from "./synthetic.ts";
import { tuningLucks } from "./tuning-luck.ts";

const metric = METRICS["test-accuracy"];
const facts = syntheticFacts();

/** Share of points at which two optimizers surely differ, over simulated studies. */
function shareSure(lead: number): number {
  let sure = 0;
  let all = 0;
  for (let seed = 1; seed <= 25; seed++) {
    const other = lead > 0 ? { lead: { from: 2 ** -1000, perDoubling: lead / 1000 } } : {};
    const optimizers = [{ id: "adamw" }, { id: "copy", ...other }];
    const files = syntheticFiles({ seed, optimizers, batchSizes: [64, 256, 1024, 4096] });
    const cells = scoreCells(files, { tier: "mini", task: "mnist-mlp", facts });
    const curve = (id: string) =>
      curveOf(
        cells.filter(({ cell }) => cell.optimizer === id),
        { axis: "batch", metric },
      );
    for (const { difference, noise } of pairCurves(curve("copy"), curve("adamw")).points) {
      if (differencePValue(difference, noise) < SIGNIFICANCE) sure++;
      all++;
    }
  }
  return sure / all;
}

describe("the luck of tuning", () => {
  it("lets copies with other noise surely differ at no more than 1 in 12 points", () => {
    expect(shareSure(0)).toBeLessThan(1 / 12);
  });

  it("still finds a planted difference", () => {
    expect(shareSure(0.004)).toBeGreaterThan(0.95);
  });

  /** Two configurations whose validation differs by `gap`, with seed noise of about 0.001. */
  function cellWith(gap: number, roles: "tuned" | "defaults" = "tuned") {
    const final = (validation: number, test: number) => ({
      validationAccuracy: validation,
      testAccuracy: test,
    });
    const [best, other] = [{ learningRate: 0.1 }, { learningRate: 0.01 }];
    const reports = [1, 2, 3].map((seed) =>
      makeTrial({
        role: "report",
        seed,
        hyperparameters: best,
        final: final(0.9 + seed / 1000, 0.9),
      }),
    );
    const tuned = [
      makeTrial({ hyperparameters: best, final: final(0.9, 0.9) }),
      makeTrial({ hyperparameters: other, final: final(0.9 - gap, 0.8) }),
    ];
    return scoreCell(makeFile(roles === "tuned" ? [...tuned, ...reports] : reports), metric, facts);
  }

  it("is large where another configuration might have been chosen, nil where none might", () => {
    const luck = (gap: number) => at(tuningLucks([cellWith(gap)], metric), 0);
    expect(luck(1e-6)).toBeGreaterThan(0.04);
    expect(luck(0.002)).toBeLessThan(luck(1e-6));
    expect(luck(0.05)).toBe(0);
    expect(at(tuningLucks([cellWith(0, "defaults")], metric), 0)).toBe(0);
  });
});
