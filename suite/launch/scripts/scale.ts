/**
 * @file How planning, reading and analysing grow: `npm run speed:scale -- 1000 10000 100000`. Synthetic
 * trials in real files in a folder of their own; seconds, and megabytes of heap that they keep.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildBoard } from "../../analysis/board.ts";
import { SYNTHETIC_DEVICE, syntheticFacts, syntheticFiles } from "../../analysis/synthetic.ts";
import { cellPath, listCellFiles, readCellFile, writeCellFile } from "../../results/store.ts";
import { estimator } from "../estimate.ts";
import { githubMatrix } from "../github.ts";
import { costOfPlan } from "../plan-cost.ts";
import { MAX_SHARDS, shardSeconds, shardsOf } from "../shards.ts";
import { madeKnown, madePlan, madeTime } from "../testing/made-plan.ts";

/** Small ones first: they leave the engine warm for the others. */
const DEFAULT_COUNTS = [1000, 10_000, 100_000];

async function main(): Promise<void> {
  const given = process.argv.slice(2).map(Number);
  for (const count of given.length > 0 ? given : DEFAULT_COUNTS) {
    const root = mkdtempSync(join(tmpdir(), "crossover-scale-"));
    try {
      const results = resultsOf(root, count);
      const row = { trials: count, ...planSeconds(root, count), ...results };
      process.stdout.write(`${JSON.stringify(row)}\n`);
    } finally {
      rmSync(root, { recursive: true });
    }
  }
}

/** Reading every file, and the boards of all tasks in them. */
function resultsOf(root: string, count: number) {
  writeSynthetic(root, count);
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  const { value: files, seconds: read } = timed(() => listCellFiles(root).map(readCellFile));
  globalThis.gc?.();
  const megabytes = (process.memoryUsage().heapUsed - before) / 1e6;
  const tasks = [...new Set(files.map(({ cell }) => cell.task))];
  const { seconds: analyse } = timed(() =>
    tasks.map((task) => buildBoard(files, { tier: "mini", task, facts: syntheticFacts() })),
  );
  return { files: files.length, read, analyse, boards: tasks.length, megabytes: short(megabytes) };
}

/** One synthetic task after the other, so that memory holds one at a time. */
function writeSynthetic(root: string, count: number): void {
  for (let task = 1, trials = 0; trials < count; task++) {
    const datasetSizes = [50_000, 25_000, 12_500];
    for (const file of syntheticFiles({ datasetSizes, task: `synthetic-${task}`, seed: task })) {
      if (trials >= count) return;
      writeCellFile(join(root, cellPath(file.cell, file.arm, file.device.class)), file);
      trials += file.trials.length;
    }
  }
}

/** A plan of `count` trials: cells, what is finished, its cost, 256 shards, the matrix. */
function planSeconds(root: string, count: number) {
  const known = madeKnown(
    ["sgd", "adamw", "kfac"].flatMap((optimizer) =>
      [64, 1024].map((batchSize) => madeTime(optimizer, batchSize, 5)),
    ),
  );
  const { seconds: plan } = timed(() => {
    const plans = madePlan(count, ["sgd", "adamw", "kfac", "shampoo"]);
    costOfPlan(plans, { ...known, root, deviceClass: SYNTHETIC_DEVICE.class, workers: 2 });
    const estimate = estimator(known);
    const shards = shardsOf(plans, MAX_SHARDS, estimate);
    return githubMatrix(shards, (shard) => shardSeconds(shard, estimate));
  });
  return { plan };
}

function timed<T>(work: () => T): { value: T; seconds: number } {
  const began = performance.now();
  const value = work();
  return { value, seconds: short((performance.now() - began) / 1000) };
}

const short = (value: number): number => Number(value.toPrecision(3));

await main();
