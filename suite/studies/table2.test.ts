import { expect, it } from "vitest";
import type { CellFile, Trial } from "../results/schema.ts";
import { intervalCells, table2 } from "./table2.ts";

const trial = (role: Trial["role"], inverseInterval: number, testAccuracy: number) =>
  ({
    role,
    hyperparameters: { earlyShare: 0.1, inverseInterval },
    final: { testAccuracy },
  }) as unknown as Trial;

it("compares cells by the seeds that all of them were tried with", () => {
  const trials = [
    trial("tune", 30, 0.5),
    trial("tune", 30, 0.52),
    trial("tune", 300, 0.6),
    trial("tune", 300, 0.62),
    trial("report", 300, 0.9),
  ];
  const files = [{ trials }] as unknown as CellFile[];
  expect(intervalCells(files)).toEqual([
    { percent: 10, interval: 30, values: [0.5, 0.52] },
    { percent: 10, interval: 300, values: [0.6, 0.62] },
  ]);
  expect(table2.figure(files, undefined as never)).toEqual({
    kind: "table",
    columns: ["inverse interval", "0%", "3%", "10%", "30%"],
    rows: [
      [30, null, null, expect.closeTo(51, 9), null],
      [100, null, null, null, null],
      [300, null, null, expect.closeTo(61, 9), null],
      [1000, null, null, null, null],
    ],
  });
});
