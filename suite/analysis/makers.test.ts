import { expect, it } from "vitest";
import { makersOf, makerWords } from "./makers.ts";
import { syntheticFiles } from "./synthetic.ts";

const [file] = syntheticFiles({ batchSizes: [64] });
const [trial] = file?.trials ?? [];
const made = (given: { runUrl?: string; submittedBy?: string }) => {
  if (!trial) throw new Error("no synthetic trial");
  const { submittedBy: _, ...provenance } = trial.provenance;
  return { provenance: { ...provenance, ...given } };
};
const words = (...all: Parameters<typeof made>[0][]) => makersOf(all.map(made)).map(makerWords);

it("tells a sweep from people, each once", () => {
  const runUrl = "https://github.com/o/n/actions/runs/1";
  expect(words({ runUrl }, { submittedBy: "Ada" }, { runUrl }, {}, {})).toEqual([
    "sweep",
    "by Ada",
    "no name given",
  ]);
  // The address of a run is what the check of a submission verifies, so it counts more than a name.
  expect(words({ runUrl, submittedBy: "Ada" })).toEqual(["sweep"]);
});

it("prints no name that steers a terminal or is invisible", () => {
  expect(words({ submittedBy: "\u001b[31mA\u202eda\u0007" })).toEqual(["by [31mAda"]);
  expect(words({ submittedBy: "\u200b" })).toEqual(["no name given"]);
});
