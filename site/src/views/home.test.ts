import { expect, it } from "vitest";
import { boardOf } from "../../../suite/analysis/board.ts";
import { scoreCells } from "../../../suite/analysis/score-cells.ts";
import {
  type SyntheticOptimizer,
  syntheticFacts,
  syntheticFiles,
} from "../../../suite/analysis/synthetic.ts";
import { withoutCurvature } from "./home.ts";

/** What is said where these are compared with AdamW at five batch sizes. */
function said(...others: SyntheticOptimizer[]): string | undefined {
  const optimizers = [{ id: "adamw" }, ...others];
  const batchSizes = [256, 512, 1024, 2048, 4096];
  const files = syntheticFiles({ tier: "mini", optimizers, batchSizes });
  const scoring = { tier: "mini", task: "mnist-mlp", facts: syntheticFacts("mini") } as const;
  const board = boardOf(scoreCells(files, scoring), scoring);
  if (!board) throw new Error("no board");
  return withoutCurvature({ id: "batch-n50000", board, files }, "adamw")?.text;
}

const ahead = { from: 256, perDoubling: 0.02 };

it("names methods without curvature that lead the baseline as well", () => {
  const text = said({ id: "kfac", lead: ahead }, { id: "sngm", lead: ahead }, { id: "lars" });
  expect(text).toMatch(
    /^Without curvature, so is SNGM from (512|1,024) up: <a href="[^"]*findings/,
  );
});

it("says nothing where there are none, or nothing to compare with", () => {
  const behind = { from: 256, perDoubling: -0.02 };
  expect(said({ id: "kfac", lead: ahead }, { id: "sngm", lead: behind })).toBeUndefined();
  expect(said({ id: "sngm", lead: ahead })).toBeUndefined();
});
