import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { CellPlan } from "../protocol/plan.ts";
import { listCellFiles, readCellFile } from "../results/store.ts";
import { launchProcesses } from "./processes.ts";
import { madeSweep } from "./testing/made-sweep.ts";
import { FATAL_BATCH } from "./testing/made-worker.ts";

let folder: string;
let root: string;
let scratch: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "crossover-processes-"));
  root = join(folder, "results");
  scratch = join(folder, "scratch");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const finishedBatches = () =>
  listCellFiles(root)
    .map((file) => readCellFile(file).cell.batchSize)
    .sort((a, b) => a - b);
const filesBelow = (where: string, ending: string) =>
  readdirSync(where, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(ending));

it.each([1, 2])(
  "a process that is killed takes its own cell alone with it (%i workers)",
  async (workers) => {
    const batchSizes = [8, FATAL_BATCH, 12, 16];
    const { cells, options } = madeSweep({ root, scratch, batchSizes, workers });
    const failed: CellPlan[] = [];
    await launchProcesses(cells, {
      ...options,
      onCellEnd: (plan, error) => error && failed.push(plan),
    });
    expect(failed.map(({ cell }) => cell.batchSize)).toEqual([FATAL_BATCH]);
    expect(finishedBatches()).toEqual([8, 12, 16]);
  },
);

it("asked to stop, checkpoints what is in flight and starts nothing more", async () => {
  const { cells, options } = madeSweep({ root, scratch, tier: "mini", batchSizes: [8, 16] });
  const stop = new AbortController();
  const failed: CellPlan[] = [];
  await launchProcesses(cells, {
    ...options,
    signal: stop.signal,
    onMessage: () => stop.abort(),
    onCellEnd: (plan, error) => error && failed.push(plan),
  });
  expect(failed).toEqual([]);
  expect(finishedBatches()).toEqual([]);
  expect(filesBelow(scratch, ".checkpoint")).toHaveLength(1);
  expect(filesBelow(root, ".lock")).toEqual([]);
});

it("gives the same bits at any number of workers", async () => {
  const sweepOf = async (workers: number) => {
    const target = join(root, `${workers}`);
    const batchSizes = [8, 12, 16];
    const { cells, options } = madeSweep({ root: target, scratch, batchSizes, workers });
    await launchProcesses(cells, options);
    return listCellFiles(target)
      .map(readCellFile)
      .map(({ cell, trials }) => [
        cell.batchSize,
        trials.map(({ key, fingerprint, training, final }) => ({
          key,
          fingerprint,
          training,
          final,
        })),
      ]);
  };
  const alone = await sweepOf(1);
  expect(alone).toHaveLength(3);
  expect(new Set(alone.map((one) => JSON.stringify(one[1]))).size).toBe(3);
  expect(await sweepOf(3)).toEqual(alone);
});

it("gives a lone worker as many threads as asked for", async () => {
  const { cells, options } = madeSweep({ root, scratch, batchSizes: [8], threads: 2 });
  await launchProcesses(cells, options);
  expect(listCellFiles(root)[0]).toMatch(/-t2\.json$/);
});

it("leaves the cell, checkpointed, when the parent is killed", async () => {
  const script = fileURLToPath(new URL("./testing/launch.ts", import.meta.url));
  const parent = spawn(process.execPath, ["--import", "tsx", script, root, scratch]);
  await once(parent.stdout, "data");
  expect(filesBelow(root, ".lock")).toHaveLength(1);
  parent.kill("SIGKILL");
  await vi.waitFor(() => expect(filesBelow(root, ".lock")).toEqual([]), 45_000);
  expect(filesBelow(scratch, ".checkpoint")).toHaveLength(1);
  expect(finishedBatches()).toEqual([]);
});
