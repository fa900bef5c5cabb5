import { expect, it } from "vitest";
import { boardOf } from "../../../suite/analysis/board.ts";
import { scoreCells } from "../../../suite/analysis/score-cells.ts";
import { syntheticFacts, syntheticFiles } from "../../../suite/analysis/synthetic.ts";
import { fig1Mlp } from "../../../suite/studies/fig1.ts";
import { besidePaper } from "./beside-paper.ts";

const BATCH = 4096;
/** The paper's SGD at 4096 (`results/reference/paper.json`). */
const PUBLISHED = 98.32;

function pageAt(tier: "mini" | "paper") {
  const files = syntheticFiles({
    tier,
    optimizers: [{ id: "sgd" }, { id: "kbfgs" }],
    batchSizes: [BATCH],
  });
  const scoring = { tier, task: "mnist-mlp", facts: syntheticFacts(tier) };
  const board = boardOf(scoreCells(files, scoring), scoring);
  if (!board) throw new Error("no board");
  const slices = [{ id: "batch-n50000", board, files }];
  return { board, text: besidePaper(fig1Mlp, { tier, slices })?.text };
}

it("puts the best of the grid beside the paper's point, and a dash where there is none", () => {
  const { board, text = "" } = pageAt("paper");
  const [kbfgs, sgd] = text.split("<tr>").slice(-2);
  const best = board.rows.find(({ optimizer }) => optimizer === "sgd")?.entries[0]?.cell
    ?.paperStyle;
  const difference = (100 * (best ?? 0) - PUBLISHED).toFixed(2).replace("-", "−");
  expect(sgd).toContain(
    `${PUBLISHED}%</td><td>${difference.startsWith("−") ? "" : "+"}${difference} points`,
  );
  expect(kbfgs).toContain("<td>–</td><td>–</td>");
});

it("is left out at tiers with a smaller net", () => {
  expect(pageAt("mini").text).toBeUndefined();
});
