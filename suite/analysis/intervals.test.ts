import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { expectClose } from "./fixtures/expect-close.ts";
import {
  bcaInterval,
  bootstrapReplicates,
  percentileInterval,
  pooledTInterval,
  scoreError,
  scoreInterval,
  tInterval,
} from "./intervals.ts";
import { pooledDeviation } from "./noise.ts";
import { mean } from "./statistics.ts";

const three = [98.9, 99.1, 99.3];
const four = [98.8, 99.0, 99.1, 99.3];

function halfWidth(interval: { low: number; high: number } | null): number {
  return interval ? (interval.high - interval.low) / 2 : Number.NaN;
}

describe("t intervals", () => {
  it("of three and of four seeds", () => {
    expectClose(halfWidth(tInterval(three)), 0.496828, 6);
    expectClose(halfWidth(tInterval(four)), 0.33124, 6);
  });

  it("pooled over both", () => {
    const pooled = pooledDeviation([three, four]);
    expectClose(pooled.s, 0.204939, 6);
    expect(pooled.df).toBe(5);
    expectClose(halfWidth(pooledTInterval(three, pooled)), 0.304155, 6);
  });

  it("do not exist for one value", () => {
    expect(tInterval([99])).toBeNull();
  });
});

describe("bootstrap", () => {
  it("enumerates n^n resamples up to five values", () => {
    expect(bootstrapReplicates(three, mean)).toHaveLength(27);
    expect(bootstrapReplicates([...three, ...four], mean)).toHaveLength(10_000);
  });

  it("percentile of three values is [min, max]; of four as specified", () => {
    const interval = percentileInterval(bootstrapReplicates(three, mean));
    expectClose(interval.low, 98.9);
    expectClose(interval.high, 99.3);
    const wider = percentileInterval(bootstrapReplicates(four, mean));
    expectClose(wider.low, 98.875);
    expectClose(wider.high, 99.225);
  });

  it("BCa of [90, 91, 92, 97]", () => {
    const values = [90, 91, 92, 97];
    const bca = bcaInterval(values);
    expectClose(bca.z0, 0.0685944, 7);
    expectClose(bca.acceleration, 0.0768395, 7);
    expectClose(bca.levels[0], 0.056736, 6);
    expectClose(bca.levels[1], 0.993277, 6);
    expectClose(bca.low, 90.5);
    expectClose(bca.high, 95.75);
    const percentile = percentileInterval(bootstrapReplicates(values, mean));
    expectClose(percentile.low, 90.5);
    expectClose(percentile.high, 95.5);
  });

  it("says so when it falls back to the percentile interval", () => {
    expect(bcaInterval([1, 1, 1]).method).toBe("percentile bootstrap");
    expect(bcaInterval([1, 2, 4]).method).toBe("BCa bootstrap");
  });

  it("is the same for the same seed and stays within the data", () => {
    const list = fc.array(fc.integer({ min: 0, max: 100 }), { minLength: 6, maxLength: 9 });
    fc.assert(
      fc.property(list, fc.integer(), (values, seed) => {
        const interval = percentileInterval(bootstrapReplicates(values, mean, seed));
        const again = percentileInterval(bootstrapReplicates(values, mean, seed));
        expect(interval).toEqual(again);
        expect(interval.low).toBeGreaterThanOrEqual(Math.min(...values));
        expect(interval.high).toBeLessThanOrEqual(Math.max(...values));
      }),
      { numRuns: 10 },
    );
  });
});

describe("the rule for boards", () => {
  const boardInterval = (values: readonly number[], neighbours: readonly (readonly number[])[]) =>
    scoreInterval(values, neighbours, "loss");

  it("pools up to four seeds, uses t up to nine, BCa from ten", () => {
    expect(boardInterval(three, [four])?.method).toBe("pooled t");
    expect(boardInterval([...three, 99.2, 99], [four])?.method).toBe("t");
    expect(boardInterval(four, [three])?.method).toBe("pooled t");
    expect(boardInterval([...three, ...four, ...three], [])?.method).toBe("BCa bootstrap");
    expect(boardInterval([99], [])).toBeNull();
    expectClose(scoreError(three, [four]), 0.204939 / Math.sqrt(3), 6);
    expect(scoreError([99], [])).toBeNaN();
  });

  it("holds no accuracy above 1 and no loss below 0", () => {
    const unstable = [0.88, 0.71, 0.8];
    const whole = boardInterval(unstable, []);
    expect(whole?.high).toBeGreaterThan(1);
    expect(scoreInterval(unstable, [], "accuracy")).toEqual({ ...whole, high: 1 });
    expect(boardInterval([0.01, 0.4, 0.2], [])?.low).toBe(0);
  });
});
