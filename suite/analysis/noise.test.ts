import { describe, expect, it } from "vitest";
import { expectClose } from "./fixtures/expect-close.ts";
import {
  alikeCells,
  calmCells,
  deviationsOf,
  differenceNoise,
  pooledDeviation,
  sharedDeviation,
} from "./noise.ts";
import { drawNormal, randomFrom } from "./random.ts";
import { at } from "./statistics.ts";

const cell = (values: readonly number[], diverged = 0) => ({ values, diverged });
const quiet = cell([0.9, 0.91, 0.92]);

describe("pooling", () => {
  it("weighs cells by their degrees of freedom and skips single seeds", () => {
    const { s, df } = pooledDeviation([[1, 3], [5], [2, 2, 2]]);
    expect(df).toBe(3);
    expectClose(s, Math.sqrt(2 / 3));
    expect(pooledDeviation([[1], [2]])).toEqual({ s: Number.NaN, df: 0 });
  });

  it("leaves out cells with divergence and their neighbours", () => {
    const curve = [quiet, quiet, quiet, cell([0.1, 0.9, 0.9], 1), quiet];
    expect(calmCells(curve)).toEqual([true, true, false, false, false]);
    const [deviations] = deviationsOf([curve]);
    const own = deviations ?? [];
    expect(at(own, 0)).toBe(at(own, 1));
    expect(at(own, 0).df).toBe(4);
    expect(at(own, 2).df).toBe(2);
    expect(at(own, 3).s).toBeGreaterThan(0.4);
  });

  it("leaves out a cell that spreads far wider than the rest, not its neighbours", () => {
    const wild = cell([0.839, 0.881, 0.639]);
    const [own = []] = deviationsOf([[quiet, quiet, quiet, wild]]);
    expect(at(own, 2)).toBe(at(own, 0));
    expectClose(at(own, 0).s, 0.01);
    expect(at(own, 3)).toEqual(pooledDeviation([wild.values]));
    expect(sharedDeviation(quiet.values, [wild.values, quiet.values]).df).toBe(4);
    expect(sharedDeviation(wild.values, [quiet.values, quiet.values]).df).toBe(2);
  });

  it("of equal spreads calls one an outlier in 1 % of cases at most", () => {
    const random = randomFrom(7);
    const rounds = 2000;
    let found = 0;
    for (let round = 0; round < rounds; round++) {
      const cells = Array.from({ length: 9 }, () => [0, 0, 0].map(() => drawNormal(random)));
      if (alikeCells(cells).includes(false)) found++;
    }
    expect(found / rounds).toBeLessThan(0.015);
    expect(found / rounds).toBeGreaterThan(0.004);
  });

  it("shares one deviation between the curves of a pair", () => {
    const [one, other] = deviationsOf([[quiet], [cell([0.5, 0.6, 0.7])]]);
    expect(at(one ?? [], 0)).toBe(at(other ?? [], 0));
    expectClose(at(one ?? [], 0).s, Math.sqrt((0.01 ** 2 + 0.1 ** 2) / 2));
  });
});

describe("the noise of a difference", () => {
  it("is s·√(1/n₁ + 1/n₂) with a shared deviation", () => {
    const shared = { s: 0.3, df: 10 };
    const noise = differenceNoise(
      { deviation: shared, inverseCount: 1 / 3 },
      { deviation: shared, inverseCount: 1 / 6 },
    );
    expectClose(noise.standardError, 0.3 * Math.sqrt(0.5));
    expect(noise.df).toBe(10);
  });

  it("is Welch's otherwise: df between the smaller and the sum", () => {
    const noise = differenceNoise(
      { deviation: { s: 1, df: 2 }, inverseCount: 1 / 3 },
      { deviation: { s: 0.1, df: 20 }, inverseCount: 1 / 3 },
    );
    expectClose(noise.standardError, Math.sqrt(1.01 / 3));
    expect(noise.df).toBeGreaterThan(2);
    expect(noise.df).toBeLessThan(2.1);
  });
});
