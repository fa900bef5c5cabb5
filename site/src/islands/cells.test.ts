import { expect, it } from "vitest";
import { answerAt } from "../../../suite/analysis/answer.ts";
import { METRICS } from "../../../suite/analysis/metric.ts";
import { scoreCells } from "../../../suite/analysis/score-cells.ts";
import { syntheticFacts, syntheticFiles } from "../../../suite/analysis/synthetic.ts";
import { reviveCells, slimCells } from "./cells.ts";

it("a browser answers as the analysis does, diverged configurations included", () => {
  const files = syntheticFiles({ batchSizes: [32, 256, 2048] });
  const cells = scoreCells(files, { tier: "mini", task: "mnist-mlp", facts: syntheticFacts() });
  const sent = reviveCells(JSON.stringify(slimCells(cells)));
  for (const batchSize of [256, 700, 9000]) {
    const request = {
      batchSize,
      datasetSize: 50_000,
      versus: "adamw",
      metric: METRICS["test-accuracy"],
    };
    expect(answerAt(sent, request)).toEqual(answerAt(cells, request));
  }
});
