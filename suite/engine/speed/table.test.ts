import { expect, it } from "vitest";
import type { Case } from "./cases.ts";
import { notes, table } from "./table.ts";

const item: Case = { name: "case", case: "mlp", sizes: {}, steps: 3, wanted: { hand: 1 } };

it("says why a cell has no ratio", () => {
  const row = {
    case: item,
    milliseconds: { onnxruntime: [2, 3], hand: [1] },
    refusals: { jax: { absent: true }, torch: { error: "TypeError: no" } },
  } as const;
  const [, line] = table([row], ["hand", "jax", "torch"], 100).split("\n");
  expect(line?.trim().split(/\s{2,}/)).toEqual([
    "case",
    "2.00",
    "3.00",
    "2",
    "2.00 (wanted 1) [1.00]",
    "—",
    "failed",
  ]);
  expect(notes([row])).toEqual(["failed: torch, case: TypeError: no"]);
});

it("keeps the others' times where ours failed", () => {
  const row = {
    case: item,
    milliseconds: { hand: [1] },
    refusals: { onnxruntime: { error: "no memory" } },
  } as const;
  const [, line] = table([row], ["hand"], 100).split("\n");
  expect(line?.trim().split(/\s{2,}/)).toEqual(["case", "failed", "[1.00]"]);
});
