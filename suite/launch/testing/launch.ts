/**
 * @file A sweep of one long trial, whose parent process is to be killed: `tsx launch.ts ROOT SCRATCH`.
 * Prints `training` when the worker trains.
 */
import { launchProcesses } from "../processes.ts";
import { madeSweep } from "./made-sweep.ts";

const [root, scratch] = process.argv.slice(2) as [string, string];
const { cells, options } = madeSweep({ root, scratch, tier: "mini", batchSizes: [8] });
await launchProcesses(cells, {
  ...options,
  onMessage: ({ kind }) => {
    if (kind === "progress") process.stdout.write("training\n");
  },
});
