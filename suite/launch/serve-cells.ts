/** @file A worker process's side: one cell at a time, told by message when to stop. */
import type { WorkerMessage, WorkerTask } from "./messages.ts";
import { sourceOf } from "./provenance.ts";
import { type CellContext, runCell } from "./run-cell.ts";

type Loaded = Pick<CellContext, "task" | "optimizer" | "data" | "device">;

/** What the pool calls. `load` finds the cell's task, data and optimizer, and chooses the engine. */
export function serveCells(
  load: (task: WorkerTask) => Promise<Loaded>,
): (task: WorkerTask) => Promise<void> {
  const source = sourceOf();
  const stop = new AbortController();
  let busy = false;
  // The terminal sends Ctrl-C to the whole group: the parent decides, and tells by message.
  process.on("SIGINT", () => {});
  process.on("message", (message) => {
    if (message === "stop") stop.abort();
  });
  // A parent that was killed tells nothing: the cell must be free for the next sweep.
  process.on("disconnect", () => {
    stop.abort();
    if (!busy) process.exit();
  });
  const tell = (message: WorkerMessage): void => {
    if (process.connected) process.send?.(message);
  };
  return async (task) => {
    busy = true;
    const { plan, root, scratch } = task;
    try {
      await runCell(plan, {
        ...(await load(task)),
        source,
        root,
        scratch,
        signal: stop.signal,
        onTrial: (trial, reused) => tell({ kind: "trial", cell: plan.cell, trial, reused }),
        onProgress: (share) => tell({ kind: "progress", cell: plan.cell, share }),
      });
    } finally {
      busy = false;
      if (!process.connected) process.exit();
    }
  };
}
