/**
 * @file A worker process: runs one cell at a time. Engine, tasks' data and declarations stay loaded
 * from cell to cell.
 */
import { useBackend } from "../engine/index.ts";
import type { CellPlan } from "../protocol/plan.ts";
import { loadOptimizer } from "../protocol/registry.ts";
import { loadTask, tierOf } from "../protocol/tasks.ts";
import type { TaskData } from "../train/data.ts";
import type { EngineChoice, WorkerMessage, WorkerTask } from "./messages.ts";
import { sourceOf } from "./provenance.ts";
import { runCell } from "./run-cell.ts";

const loaded = new Map<string, Promise<TaskData>>();
const source = sourceOf();
const stop = new AbortController();
// The terminal sends Ctrl-C to the whole group: the parent decides, and tells by message.
process.on("SIGINT", () => {});
process.on("message", (message) => {
  if (message === "stop") stop.abort();
});

const tell = (message: WorkerMessage): void => {
  process.send?.(message);
};

/** Called by the pool. */
export async function runWorkerTask({ plan, engine, root, scratch }: WorkerTask): Promise<void> {
  const device = await useBackend(engineOptions(engine));
  const task = await loadTask(plan.cell.task);
  const optimizer = await loadOptimizer(plan.cell.optimizer);
  const data = await dataOf(plan);
  await runCell(plan, {
    task,
    optimizer,
    data,
    device,
    source,
    root,
    scratch,
    signal: stop.signal,
    onTrial: (trial, reused) => tell({ kind: "trial", cell: plan.cell, trial, reused }),
    onProgress: (share) => tell({ kind: "progress", cell: plan.cell, share }),
  });
}

function engineOptions({ backend, device, threads, workers }: EngineChoice) {
  // Spinning threads of several processes would fight for the cores.
  return { backend, device, threads, spinning: workers === 1 };
}

async function dataOf({ cell }: CellPlan): Promise<TaskData> {
  const name = `${cell.task} ${cell.tier}`;
  const known = loaded.get(name) ?? tierOf(await loadTask(cell.task), cell.tier).load({});
  loaded.set(name, known);
  return known;
}
