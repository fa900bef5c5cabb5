import { expect, it } from "vitest";
import { verdictText } from "./verdict-view.ts";

it("says the claim, the verdict, the rule, what it rests on and what is missing", () => {
  const text = verdictText({
    id: "ratio-constant",
    verdict: "not enough data",
    finding: "grows",
    statistics: [
      { name: "slope", value: 0.5366, interval: { low: 0.2072, high: 0.866 } },
      { name: "share", value: Number.NaN, interval: null },
    ],
    missing: ["a", "b", "c", "d", "e", "f", "g"],
    sensitivity: [],
  });
  expect(text.split("\n")).toEqual([
    "Claim: The best learning-rate-to-damping ratio does not depend on the batch size.",
    "  NOT ENOUGH DATA (grows)",
    "  Rule: The slope of log2(learning rate / damping) on log2(batch size) lies within ±¼.",
    "  slope: 0.5366 (95%: 0.2072 to 0.866)",
    "  share: not known (no interval)",
    ..."abcde".split("").map((one) => `  missing: ${one}`),
    "  missing: and 2 more",
  ]);
});
