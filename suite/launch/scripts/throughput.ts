/**
 * @file Small trials on one process and on one per core, in turns on the same plan: the speed-up, and
 * what a trial costs besides its training. `npm run speed:workers -- 5` for five pairs. Wants a quiet machine.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { completeConfiguration } from "../../protocol/configuration.ts";
import { BOARD_ARM, type CellPlan, planCells } from "../../protocol/plan.ts";
import { loadOptimizer } from "../../protocol/registry.ts";
import { loadTask, tierOf } from "../../protocol/tasks.ts";
import { launchProcesses } from "../processes.ts";

const pairs = Number(process.argv[2] ?? 3);
const cores = availableParallelism();

/** 96 trials of a third of a second: enough that warming a process up is not what is timed. */
async function smallPlan(): Promise<CellPlan[]> {
  const task = await loadTask("mnist-mlp");
  const protocol = tierOf(task, "smoke");
  await protocol.load({});
  return planCells({
    task,
    tier: "smoke",
    arm: BOARD_ARM,
    optimizers: await Promise.all(
      ["sgd", "nesterov", "adamw", "lion"].map((id) => loadOptimizer(id)),
    ),
    configurations: (optimizer, sizes) => [completeConfiguration(optimizer, protocol, sizes)],
    batchSizes: protocol.batchSizes,
    datasetSizes: [protocol.datasetSizes.at(-1) as number],
    reportSeeds: [1, 2, 3, 4, 5, 6],
  });
}

/** From the first sign of training, so that starting processes does not count. */
async function run(cells: readonly CellPlan[], workers: number) {
  const folder = mkdtempSync(join(tmpdir(), "crossover-throughput-"));
  let began: number | undefined;
  let trials = 0;
  let training = 0;
  await launchProcesses(cells, {
    engine: { backend: "onnxruntime", device: "cpu", workers, threads: 1 },
    root: join(folder, "results"),
    scratch: join(folder, "scratch"),
    onMessage: (message) => {
      began ??= performance.now();
      if (message.kind !== "trial") return;
      const { train, evaluate, compile } = message.trial.cost.seconds;
      trials++;
      training += train + evaluate + compile;
    },
    onCellEnd: (_, error) => {
      if (error) throw error;
    },
  });
  const seconds = (performance.now() - (began ?? 0)) / 1000;
  rmSync(folder, { recursive: true });
  return { seconds, trials, overhead: (seconds * workers - training) / trials };
}

const cells = await smallPlan();
const ratios: number[] = [];
for (let pair = 0; pair < pairs; pair++) {
  // The order alternates: a machine that slows down favours neither.
  const order = pair % 2 === 0 ? [1, cores] : [cores, 1];
  const rows = new Map<number, Awaited<ReturnType<typeof run>>>();
  for (const workers of order) rows.set(workers, await run(cells, workers));
  const [one, many] = [rows.get(1), rows.get(cores)];
  if (!one || !many) throw new Error("Two runs make a pair.");
  ratios.push(one.seconds / many.seconds);
  process.stdout.write(
    `${one.trials} trials: 1 process ${one.seconds.toFixed(1)} s, ${cores} processes ` +
      `${many.seconds.toFixed(1)} s, ${(one.seconds / many.seconds).toFixed(2)}x; besides training ` +
      `${(1000 * one.overhead).toFixed(0)} and ${(1000 * many.overhead).toFixed(0)} ms per trial\n`,
  );
}
ratios.sort((a, b) => a - b);
process.stdout.write(`Median ${(ratios[Math.floor(pairs / 2)] as number).toFixed(2)}x\n`);
