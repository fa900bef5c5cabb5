import { describe, expect, it } from "vitest";
import { above, below, majorityVerdict, verdictOf, within } from "./claim.ts";

const range = (low: number, high: number) => ({ low, high });

describe("sides of an interval", () => {
  it("above, below, within", () => {
    expect([range(1, 2), range(-2, -1), range(-1, 1), null].map((one) => above(one))).toEqual([
      "inside",
      "outside",
      "undecided",
      "undecided",
    ]);
    expect(below(range(-2, -1))).toBe("inside");
    expect(below(range(1, 2))).toBe("outside");
    expect(within(range(0.6, 1.9), 0.5, 2)).toBe("inside");
    expect(within(range(2.1, 3), 0.5, 2)).toBe("outside");
    expect(within(range(0.4, 1), 0.5, 2)).toBe("undecided");
  });
});

describe("verdicts", () => {
  it("all parts must hold, and guards come first", () => {
    expect(verdictOf(["inside", "inside"], [])).toBe("supported");
    expect(verdictOf(["inside", "outside"], [])).toBe("not supported");
    expect(verdictOf(["inside", "undecided"], [])).toBe("not enough data");
    expect(verdictOf(["inside"], ["a seed"])).toBe("not enough data");
    expect(verdictOf([], [])).toBe("not enough data");
  });

  it("two thirds of the methods, when no longer possible, or still open", () => {
    expect(majorityVerdict(["inside", "inside", "outside"], [])).toBe("supported");
    expect(majorityVerdict(["inside", "outside", "outside"], [])).toBe("not supported");
    expect(majorityVerdict(["inside", "undecided", "outside"], [])).toBe("not enough data");
    expect(majorityVerdict(["inside", "inside", "inside"], ["a cell"])).toBe("not enough data");
  });
});
