/** @file A worker process. Engine, tasks' data and declarations stay loaded from cell to cell. */
import { useBackend } from "../engine/index.ts";
import type { CellPlan } from "../protocol/plan.ts";
import { loadOptimizer } from "../protocol/registry.ts";
import { loadTask, tierOf } from "../protocol/tasks.ts";
import type { TaskData } from "../train/data.ts";
import { serveCells } from "./serve-cells.ts";

const loaded = new Map<string, Promise<TaskData>>();

/** Called by the pool. */
export const runWorkerTask = serveCells(async ({ plan, engine }) => {
  const { backend, device, threads, workers } = engine;
  return {
    // Spinning threads of several processes would fight for the cores.
    device: await useBackend({ backend, device, threads, spinning: workers === 1 }),
    task: await loadTask(plan.cell.task),
    optimizer: await loadOptimizer(plan.cell.optimizer),
    data: await dataOf(plan),
  };
});

async function dataOf({ cell }: CellPlan): Promise<TaskData> {
  const name = `${cell.task} ${cell.tier}`;
  const known = loaded.get(name) ?? tierOf(await loadTask(cell.task), cell.tier).load({});
  loaded.set(name, known);
  return known;
}
