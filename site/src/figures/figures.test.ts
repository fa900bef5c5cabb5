import { expect, it } from "vitest";
import type { FigurePanel } from "../../../suite/studies/figure.ts";
import { lineChart } from "./line-chart.ts";
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

it("a lead far below the others is an arrow with its value, and a band that goes on is cut", () => {
  const panel: FigurePanel = {
    title: "",
    x: { label: "batch size", scale: "log2" },
    y: { label: "lead (points)", scale: "linear" },
    series: [
      {
        name: "seng",
        points: [
          { x: 1024, y: 0.4, low: 0.2, high: 0.6 },
          { x: 2048, y: 1.2, low: 1, high: 9 },
          { x: 4096, y: 1.3, low: 0.9, high: 1.7 },
          { x: 8192, y: -11, low: -32, high: 10 },
        ],
      },
    ],
  };
  const reference = { y: 0, above: "ahead", below: "behind" };
  const { inner } = lineChart(panel, { width: 640, height: 300 }, { reference });
  expect(inner).toContain(">−11</text>");
  expect(inner).not.toContain(">−10</text>");
  const chevrons = inner.match(/l4-5l4 5|l4 5l4-5/g);
  expect(chevrons, "of 2,048 and of 8,192, above").toHaveLength(2);
  expect(inner, "the interval in words is whole").toContain("(95%: −32 to 10)");
  const curve = lineChart(panel, { width: 640, height: 300 });
  expect(curve.inner, "no lead: nothing is cut").toContain(">−10</text>");
});
