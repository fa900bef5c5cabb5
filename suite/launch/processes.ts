/** @file Trials on this machine: a pool of processes, one cell at a time each. */
import { Tinypool } from "tinypool";
import type { CellPlan } from "../protocol/plan.ts";
import type { EngineChoice, WorkerMessage, WorkerTask } from "./messages.ts";

const WORKER = new URL("./worker.ts", import.meta.url);

export interface LaunchOptions {
  readonly engine: EngineChoice;
  readonly root: string;
  readonly scratch: string;
  readonly onMessage: (message: WorkerMessage) => void;
  /** A cell is done, or failed with an error. Not called for cells that `signal` stopped. */
  readonly onCellEnd: (plan: CellPlan, error?: Error) => void;
  /** Another module than `worker.ts` that exports `runWorkerTask`. */
  readonly worker?: URL;
  /** Asks workers to checkpoint what is in flight, then to stop. */
  readonly signal?: AbortSignal;
}

/** Runs the cells, in the order given, on `engine.workers` processes. */
export async function launchProcesses(
  cells: readonly CellPlan[],
  options: LaunchOptions,
): Promise<void> {
  const { engine, root, scratch, onMessage, onCellEnd, signal, worker = WORKER } = options;
  const pool = new Tinypool({
    filename: worker.href,
    name: "runWorkerTask",
    runtime: "child_process",
    minThreads: engine.workers,
    maxThreads: engine.workers,
    execArgv: ["--import", "tsx"],
    // Tinypool gives its processes an empty environment otherwise: no PATH, no library paths.
    env: process.env as Record<string, string>,
    isolateWorkers: false,
  });
  // Cells that the death of an idle worker concerns fail by their own promise.
  pool.on("error", () => {});
  const running = new Set<(message: string) => void>();
  const stop = () => {
    pool.cancelPendingTasks();
    for (const send of running) send("stop");
  };
  signal?.addEventListener("abort", stop, { once: true });
  try {
    await Promise.all(
      cells.map(async (plan) => {
        const task: WorkerTask = { plan, engine, root, scratch };
        let send: ((message: string) => void) | undefined;
        const channel = {
          postMessage: onMessage,
          onMessage: (toWorker: (message: string) => void) => {
            send = toWorker;
            running.add(toWorker);
          },
        };
        try {
          await pool.run(task, { channel });
          onCellEnd(plan);
        } catch (error) {
          if (!signal?.aborted) onCellEnd(plan, error as Error);
        } finally {
          if (send) running.delete(send);
        }
      }),
    );
  } finally {
    signal?.removeEventListener("abort", stop);
    await pool.destroy();
  }
}
