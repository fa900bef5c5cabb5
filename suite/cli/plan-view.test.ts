import { expect, it } from "vitest";
import { madeCell } from "../launch/testing/made-plan.ts";
import { leftOutText, planText } from "./plan-view.ts";

const cell = (invalid?: string) => ({
  ...madeCell("sgd", 64, 50_000),
  ...(invalid && { invalid }),
});
const cost = (seconds: number, unmeasured: number) =>
  planText({
    cells: [{ plan: cell(), trials: 23, finished: 3, seconds: seconds || undefined }],
    trials: 23,
    finished: 3,
    seconds,
    unmeasured,
    bytes: 80_000,
  });

it("makes up no time for what was not measured", () => {
  expect(cost(120, 0)).toContain("Left: about 2 min; 0.1 MB");
  expect(cost(120, 4)).toContain("Left: about 2 min, and 4 cells whose time is not measured");
  expect(cost(0, 4)).toContain("Left: 4 cells whose time is not measured");
});

it("names what is left out, once for each reason", () => {
  expect(leftOutText([cell(), cell("too large"), cell("too large"), cell("too few")])).toBe(
    "Left out, 2 cells: too large.\nLeft out, 1 cell: too few.\n",
  );
  expect(leftOutText([cell()])).toBe("");
});
