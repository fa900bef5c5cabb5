/** @file A merge of collected results, to be killed at any moment: `tsx merge.ts FROM ROOT`. */
import { collect } from "../../results/collect.ts";
import type { Knowledge } from "../../results/validate.ts";

/** The made task of `sweep.ts`. */
const knowledge: Knowledge = {
  task: () => ({
    version: 1,
    batchSizes: [8, 16],
    datasetSizes: [48],
    checksums: ["0".repeat(64)],
    fixed: {},
    updates: (batchSize, datasetSize) => 10 * Math.floor(datasetSize / batchSize),
    invalidReason: () => undefined,
  }),
  optimizer: () => ({ version: 1, problem: () => undefined }),
};

const [from, root] = process.argv.slice(2) as [string, string];
process.stdout.write("ready\n");
const { refused } = collect(from, root, knowledge);
if (refused.length > 0) throw new Error(JSON.stringify(refused));
process.stdout.write("done\n");
