import { describe, expect, it } from "vitest";
import {
  decimalsFor,
  formatAmount,
  formatCount,
  formatDifference,
  formatInterval,
  formatProbability,
  formatRatio,
  formatScore,
  formatSeconds,
  formatSize,
} from "./format.ts";
import { METRICS } from "./metric.ts";

const accuracy = METRICS["test-accuracy"];
const loss = METRICS["test-loss"];

describe("numbers end at their standard error", () => {
  it("decimals", () => {
    expect([0.5, 0.05, 0.004, 3, 0].map((error) => decimalsFor(error, 4))).toEqual([1, 2, 3, 0, 4]);
  });

  it("scores", () => {
    expect(formatScore(accuracy, 0.98765, 0.003)).toBe("98.8%");
    expect(formatScore(accuracy, 0.98765, 0.0003)).toBe("98.77%");
    expect(formatScore(accuracy, 0.98765, 0.02)).toBe("99%");
    expect(formatScore(loss, 3.28765, 0.02)).toBe("3.29");
    expect(formatScore(loss, Number.NaN)).toBe("–");
  });

  it("differences carry their sign, and zero none", () => {
    expect(formatDifference(accuracy, 0.0052, 0.0004)).toBe("+0.52 points");
    expect(formatDifference(accuracy, -0.0052, 0.004)).toBe("−0.5 points");
    expect(formatDifference(accuracy, -0.00001, 0.004)).toBe("0.0 points");
    expect(formatDifference(loss, 0.1234, 0.01)).toBe("+0.12 nats");
  });

  it("intervals have their score's decimals", () => {
    expect(formatInterval(accuracy, { low: -0.001, high: 0.0123 }, 0.003)).toBe("−0.1 to 1.2");
    expect(formatInterval(accuracy, null, 0.1)).toBe("no interval");
  });
});

describe("amounts", () => {
  it("as people read them", () => {
    expect(formatAmount(4_915_200_000)).toBe("4.92 G");
    expect(formatAmount(999_999)).toBe("1 M");
    expect(formatSeconds(0.4231)).toBe("0.42 s");
    expect(formatSeconds(731)).toBe("12 min");
    expect(formatSeconds(36_000)).toBe("10 h");
    expect(formatRatio(1.8734)).toBe("1.9×");
    expect(formatSize(1378.92)).toBe("1,400");
    expect(formatSize(Number.POSITIVE_INFINITY)).toBe("∞");
    expect(formatCount(1_234_567)).toBe("1,234,567");
  });

  it("probabilities are never rounded to certainty", () => {
    expect([0, 0.002, 0.25, 0.999, 1].map(formatProbability)).toEqual([
      "0%",
      "< 1%",
      "25%",
      "> 99%",
      "100%",
    ]);
  });
});
