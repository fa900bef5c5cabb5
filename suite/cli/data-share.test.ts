import { expect, it } from "vitest";
import { syntheticFiles } from "../analysis/synthetic.ts";
import type { CellFile } from "../results/schema.ts";
import { dataShareText } from "./data-share.ts";

const [made] = syntheticFiles({ batchSizes: [64] }) as [CellFile];

function file(optimizer: string, data: number, train: number): CellFile {
  const [trial] = made.trials as [CellFile["trials"][number]];
  const cost = { ...trial.cost, seconds: { ...trial.cost.seconds, data, train } };
  return { ...made, cell: { ...made.cell, optimizer }, trials: [{ ...trial, cost }] };
}

it("weighs trials by their time, and names the worst cell", () => {
  expect(dataShareText([file("sgd", 1, 10), file("kfac", 1, 190)])).toBe(
    "Waiting for data: 1.0 % of training time; most 10.0 % (sgd at batch 64).",
  );
});

it("says when it is too much", () => {
  expect(dataShareText([file("sgd", 1, 10)])).toContain("above 3.0 %");
});

it("says nothing where nothing was trained", () => {
  expect(dataShareText([file("sgd", 0, 0)])).toBe("");
});
