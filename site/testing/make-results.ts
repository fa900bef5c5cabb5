/**
 * @file Writes synthetic results into a folder, to look at the site and to time its build:
 * `npx tsx site/testing/make-results.ts FOLDER [TRIALS]`. Never commit what it writes.
 */
import { join } from "node:path";
import { type SyntheticOptions, syntheticFiles } from "../../suite/analysis/synthetic.ts";
import type { CellFile } from "../../suite/results/schema.ts";
import { cellPath, writeCellFile } from "../../suite/results/store.ts";

/** One board's axis after another until there are enough trials; the same for every call. */
function* boards(): Generator<SyntheticOptions> {
  yield { task: "mnist-mlp", datasetSizes: [50_000] };
  yield { task: "mnist-mlp", datasetSizes: [2000, 10_000, 20_000], batchSizes: [64, 256, 1024] };
  for (let round = 1; ; round++) {
    yield {
      task: "cifar-resnet18",
      datasetSizes: [1000 * 2 ** round],
      seed: round,
      batchSizes: [16, 32, 64, 128],
    };
    yield { task: "mnist-mlp", tier: "paper", datasetSizes: [60_000 + round], seed: round };
  }
}

export function makeResults(folder: string, trials: number, only?: SyntheticOptions): CellFile[] {
  const written: CellFile[] = [];
  let count = 0;
  for (const options of boards()) {
    for (const file of syntheticFiles({ ...options, ...only })) {
      if (count >= trials) return written;
      writeCellFile(join(folder, cellPath(file.cell, file.arm, file.device.class)), file);
      written.push(file);
      count += file.trials.length;
    }
    if (only) return written;
  }
  return written;
}

const [folder, trials] = process.argv.slice(2);
if (folder && process.argv[1]?.endsWith("make-results.ts")) {
  const files = makeResults(folder, Number(trials ?? 2000));
  const count = files.reduce((sum, file) => sum + file.trials.length, 0);
  console.log(`${count} synthetic trials in ${files.length} files below ${folder}`);
}
