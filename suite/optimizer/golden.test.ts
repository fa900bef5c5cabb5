import { describe, expect, it } from "vitest";
import { goldenIssue, toSixDigits } from "./golden.ts";

const recorded = { version: 3, numbers: [1.23457, -0.000123457] };

describe("goldenIssue", () => {
  it("accepts rounding in the last digit, and what was never recorded", () => {
    const rounded = { version: 3, numbers: [1.2345651, -0.000123456] };
    expect(goldenIssue("X", rounded, recorded)).toBeUndefined();
    expect(goldenIssue("X", rounded, undefined)).toBeUndefined();
  });

  it("names the version to raise when the numbers changed", () => {
    const changed = { version: 3, numbers: [1.2346, -0.000123457] };
    expect(goldenIssue('Optimizer "x"', changed, recorded)).toMatch(
      /"x" computes something else than its version 3.*raise its `version` to 4.*npm run golden/,
    );
    expect(goldenIssue("X", { version: 3, numbers: [1.23457] }, recorded)).toBeDefined();
    expect(goldenIssue("X", { version: 3, numbers: [Number.NaN, 0] }, recorded)).toBeDefined();
  });

  it("asks for a new record when the version was raised", () => {
    expect(goldenIssue("X", { ...recorded, version: 4 }, recorded)).toMatch(/of version 4.*golden/);
  });

  it("records six digits", () => {
    expect(toSixDigits([1 / 3, 123456789])).toEqual([0.333333, 123457000]);
  });
});
