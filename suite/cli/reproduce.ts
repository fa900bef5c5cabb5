/** @file `npm run reproduce`: reruns a recorded trial and says whether it gives the same bits. */
import { Command } from "commander";
import { engineCounters, useBackend } from "../engine/index.ts";
import { sourceOf } from "../launch/provenance.ts";
import type { Configuration } from "../optimizer/search.ts";
import { UsageError } from "../protocol/error.ts";
import { loadOptimizer } from "../protocol/registry.ts";
import { loadTask, tierOf } from "../protocol/tasks.ts";
import { updatesOf } from "../protocol/validity.ts";
import type { CellFile, Trial } from "../results/schema.ts";
import { readCellFile } from "../results/store.ts";
import type { TrialOutcome } from "../train/outcome.ts";
import { runTrial } from "../train/trial.ts";
import { loadWithProgress } from "./loading.ts";
import { runCommand } from "./run.ts";
import { textTable } from "./table.ts";

const command = new Command("reproduce")
  .description("Rerun a recorded trial: same bits, or how far off.")
  .argument("<file#key>", "a result file, and the key of one of its trials (default: its first)")
  .option("--json", "the comparison as JSON")
  .addHelpText(
    "after",
    `
Examples:
  npm run reproduce -- .crossover/results/smoke/mnist-mlp/board/kfac/b64-n6000.onnxruntime-cpu-amd-epyc-t1.json
  npm run reproduce -- results/mini/mnist-mlp/board/sgd/b1024-n50000.onnxruntime-cpu-amd-epyc-t1.json#1f0c…`,
  )
  .action(async (address: string, { json }: { json?: boolean }) => {
    const [path, key] = address.split("#");
    const file = readCellFile(path as string);
    const trial = trialOf(file, key);
    const comparison = await rerun(file, trial);
    process.stdout.write(json ? `${JSON.stringify(comparison, null, 1)}\n` : inWords(comparison));
    if (!comparison.sameBits && !comparison.withinTolerance) process.exitCode = 1;
  });

function trialOf({ trials }: CellFile, key: string | undefined): Trial {
  const matching = key === undefined ? trials : trials.filter((trial) => trial.key.startsWith(key));
  if (matching[0]) return matching[0];
  throw new UsageError(
    `No trial of the file has the key "${key}".`,
    `Its keys: ${trials.map((trial) => trial.key).join(", ")}.`,
  );
}

interface Comparison {
  readonly sameBits: boolean;
  readonly withinTolerance: boolean;
  readonly tolerance: number;
  readonly metric: string;
  readonly recorded: number | null;
  readonly now: number | null;
  readonly environment: readonly { what: string; recorded: string; now: string }[];
}

async function rerun(file: CellFile, trial: Trial): Promise<Comparison> {
  const { cell, device } = file;
  const task = await loadTask(cell.task);
  const protocol = tierOf(task, cell.tier);
  const optimizer = await loadOptimizer(cell.optimizer);
  const report = await useBackend({
    backend: device.backend,
    device: device.device,
    threads: device.threads,
  });
  const data = await loadWithProgress(protocol.load);
  const outcome = await runTrial(
    {
      protocol,
      build: (builder, values) => protocol.build(builder, values, data),
      data,
      optimizer,
      hyperparameters: trial.hyperparameters as Configuration,
      batchSize: cell.batchSize,
      datasetSize: cell.datasetSize,
      steps: updatesOf(protocol.budget, cell.batchSize, cell.datasetSize),
      seed: trial.seed,
    },
    { onProgress: (done, steps) => progress(done, steps) },
  );
  const metric = protocol.metric === "accuracy" ? "testAccuracy" : "testLoss";
  const [recorded, now] = [trial.final[metric] ?? null, outcome.final[metric] ?? null];
  const source = sourceOf();
  const pairs: [string, string, string][] = [
    ["commit", trial.provenance.commit, source.commit + (source.dirty ? " with changes" : "")],
    ["lock file", trial.provenance.lockfile, source.lockfile],
    ["processor", device.processor, report.processor],
    ["threads", String(device.threads), String(report.threads)],
    ["runtime", trial.provenance.runtime, report.runtimeVersion],
    ["node", trial.provenance.node, source.node],
    ["task version", String(trial.versions.task), String(task.version)],
    ["optimizer version", String(trial.versions.optimizer), String(optimizer.version)],
    ["dataset", trial.provenance.dataset.checksum, data.checksum],
  ];
  return {
    sameBits: isSame(trial, outcome),
    withinTolerance:
      recorded === now ||
      (recorded !== null && now !== null && Math.abs(recorded - now) <= protocol.tolerance),
    tolerance: protocol.tolerance,
    metric,
    recorded,
    now,
    environment: pairs.map(([what, was, is]) => ({ what, recorded: was, now: is })),
  };
}

function isSame(trial: Trial, outcome: TrialOutcome): boolean {
  return (
    trial.fingerprint === outcome.fingerprint &&
    trial.status === outcome.status &&
    JSON.stringify(trial.final) === JSON.stringify(outcome.final)
  );
}

function progress(done: number, steps: number): void {
  if (!process.stderr.isTTY) return;
  process.stderr.write(`\r${done} of ${steps} steps, ${engineCounters().compiles} graphs compiled`);
  if (done === steps) process.stderr.write("\n");
}

function inWords({
  sameBits,
  withinTolerance,
  tolerance,
  metric,
  recorded,
  now,
  environment,
}: Comparison): string {
  const verdict = sameBits
    ? "same bits"
    : withinTolerance
      ? `not the same bits, but within the task's tolerance of ${tolerance}: ${metric} ${now}, recorded ${recorded}`
      : `DIFFERS: ${metric} ${now}, recorded ${recorded}, more than the task's tolerance of ${tolerance} apart`;
  const short = (text: string) =>
    /^[0-9a-f]{40,}/.test(text) ? text.slice(0, 10) + text.replace(/^[0-9a-f]+/, "") : text;
  const rows = environment.map(({ what, recorded: was, now: is }) => [
    what,
    short(was),
    short(is),
    was === is ? "same" : "differs",
  ]);
  return `${verdict}\n\n${textTable(["", "recorded", "now", ""], rows)}\n${sameBits ? "" : atItsCommit(environment)}`;
}

/** Later commits may compute the same with other rounding: how to run the code that recorded it. */
function atItsCommit(environment: Comparison["environment"]): string {
  const { recorded, now } = environment.find(({ what }) => what === "commit") ?? {};
  if (!recorded || recorded === now) return "";
  const commit = recorded.slice(0, 10);
  const folder = `../crossover-${commit}`;
  return (
    "\nThe code that recorded it, for the same command there with the file's whole path:\n" +
    `  git worktree add ${folder} ${commit} && cd ${folder} && npm ci\n`
  );
}

await runCommand(command);
