import { expect, it } from "vitest";
import { dodge, linearTicks, sizeTicks, tickLabel } from "./scale.ts";
import { csvOf } from "./tables.ts";

it("labels move apart, keep their order and stay inside", () => {
  const placed = dodge([100, 101, 102, 20], 15, [0, 120]);
  const sorted = [...placed].sort((a, b) => a - b);
  for (let i = 1; i < sorted.length; i++) {
    expect((sorted[i] as number) - (sorted[i - 1] as number)).toBeGreaterThanOrEqual(15 - 1e-9);
  }
  expect(placed[0]).toBeLessThan(placed[1] as number);
  expect(Math.max(...placed)).toBeLessThanOrEqual(120);
});

it("ticks are round, inside the domain and at the data where there are few", () => {
  expect(linearTicks([96.8, 99.4], 5)).toEqual([97, 98, 99]);
  expect(sizeTicks("log2", [32, 64, 128], 5)).toEqual([32, 64, 128]);
  expect(sizeTicks("log2", [1, 2, 4, 8, 16, 32, 64, 128], 4).at(-1)).toBe(128);
});

it.each([
  [0, "0"],
  [8192, "8,192"],
  [1 / 64, "1/64"],
  [-0.5, "−0.5"],
  [2.5e9, "2.5 G"],
])("%f is written %s", (value, text) => {
  expect(tickLabel(value).replace(/\s/, " ")).toBe(text);
});

it("CSV quotes what needs it and says inf", () => {
  const table = {
    columns: ["a,b", "c"],
    rows: [
      ['say "x"', Number.POSITIVE_INFINITY],
      [null, 1],
    ],
  };
  expect(csvOf(table)).toBe('"a,b",c\r\n"say ""x""",inf\r\n,1\r\n');
});
