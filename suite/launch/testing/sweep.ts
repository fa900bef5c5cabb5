/**
 * @file A small sweep on made data, to be killed at any moment: `tsx sweep.ts ROOT SCRATCH`.
 * Prints `ready` when training begins and `done` at its end.
 */
import { adamw } from "../../../optimizers/adamw.ts";
import { kfac } from "../../../optimizers/kfac.ts";
import { sgd } from "../../../optimizers/sgd.ts";
import { useBackend } from "../../engine/index.ts";
import type { OptimizerDeclaration } from "../../optimizer/declaration.ts";
import type { Configuration } from "../../optimizer/search.ts";
import { planCells } from "../../protocol/plan.ts";
import { madeData } from "../../train/made-data.ts";
import { sourceOf } from "../provenance.ts";
import { runCell } from "../run-cell.ts";
import { madeTask as task } from "./made-task.ts";

const [root, scratch] = process.argv.slice(2) as [string, string];
const device = await useBackend({ threads: 1, spinning: false });
const source = sourceOf();
const data = madeData();
process.stdout.write("ready\n");
for (const one of [sgd, adamw, kfac]) {
  const optimizer = one as unknown as OptimizerDeclaration;
  const configurations = [0.02, 0.05].map(
    (learningRate) => optimizer.hyperparameters.parse({ learningRate }) as Configuration,
  );
  const plans = planCells({
    task,
    tier: "smoke",
    arm: "board",
    optimizers: [optimizer],
    configurations: () => configurations,
    batchSizes: [8, 16],
    datasetSizes: [48],
    reportSeeds: [1, 2],
  });
  for (const plan of plans) {
    await runCell(plan, { task, optimizer, data, device, source, root, scratch });
  }
}
process.stdout.write("done\n");
