/** @file A worker on the made task. The process dies at cells of FATAL_BATCH, as if killed. */
import { sgd } from "../../../optimizers/sgd.ts";
import { useBackend } from "../../engine/index.ts";
import type { OptimizerDeclaration } from "../../optimizer/declaration.ts";
import { madeData } from "../../train/made-data.ts";
import { serveCells } from "../serve-cells.ts";
import { madeTask } from "./made-task.ts";

export const FATAL_BATCH = 13;

export const runWorkerTask = serveCells(async ({ plan, engine: { threads } }) => {
  if (plan.cell.batchSize === FATAL_BATCH) process.kill(process.pid, "SIGKILL");
  return {
    device: await useBackend({ threads, spinning: false }),
    task: madeTask,
    optimizer: sgd as unknown as OptimizerDeclaration,
    data: madeData(),
  };
});
