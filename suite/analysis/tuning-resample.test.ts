import { describe, expect, it } from "vitest";
import { makeFile, makeTrial } from "./fixtures/cells.ts";
import { expectClose } from "./fixtures/expect-close.ts";
import { METRICS, type TaskFacts } from "./metric.ts";
import { randomFrom } from "./random.ts";
import { scoreCell } from "./scored-cell.ts";
import { at } from "./statistics.ts";
import { tuningSampler } from "./tuning-resample.ts";

const metric = METRICS["test-accuracy"];
const rates = [0.1, 0.2, 0.3, 0.4];
const selecting = [0.9, 0.8, 0.7, 0.6];

/** Share of draws by the value drawn. */
function sharesOf(selection: TaskFacts["selection"]): Map<string, number> {
  const final = (value: number, test: number) => ({
    validationAccuracy: value,
    testAccuracy: test,
    halfA: { loss: 1, accuracy: value },
    halfB: { loss: 1, accuracy: value },
  });
  const tuned = rates.map((learningRate, index) => {
    const value = at(selecting, index);
    return makeTrial({ hyperparameters: { learningRate }, final: final(value, value) });
  });
  const reported = [1, 2].map((seed) =>
    makeTrial({
      role: "report",
      seed,
      hyperparameters: { learningRate: 0.1 },
      final: final(0.95, 0.95),
    }),
  );
  const facts: TaskFacts = { primary: "accuracy", selection, chance: 0.1 };
  const sampler = tuningSampler(
    scoreCell(makeFile([...tuned, ...reported]), metric, facts),
    metric,
  );
  const random = randomFrom(1);
  const shares = new Map<string, number>();
  const draws = 20_000;
  for (let draw = 0; draw < draws; draw++) {
    const { centre, inverseCount } = sampler(random);
    const key = `${centre.toFixed(3)} ${inverseCount}`;
    shares.set(key, (shares.get(key) ?? 0) + 1 / draws);
  }
  return shares;
}

describe.each(["validation", "cross-fitted"] as const)("resampling the tuning, %s", (selection) => {
  const shares = sharesOf(selection);

  it("chooses rank r with probability ((n-r)/n)ⁿ - ((n-r-1)/n)ⁿ", () => {
    const expected = [0, 1, 2, 3].map((rank) => ((4 - rank) / 4) ** 4 - ((3 - rank) / 4) ** 4);
    const found = ["0.950 0.5", "0.800 1", "0.700 1", "0.600 1"].map((key) => shares.get(key) ?? 0);
    found.forEach((share, rank) => {
      expect(Math.abs(share - at(expected, rank))).toBeLessThan(0.01);
    });
  });

  it("knows the choice by its report seeds and the others by one seed", () => {
    expect([...shares.keys()].sort()).toEqual(
      ["0.600 1", "0.700 1", "0.800 1", "0.950 0.5"].slice(4 - shares.size),
    );
    expectClose(
      [...shares.values()].reduce((total, share) => total + share, 0),
      1,
      9,
    );
  });
});
