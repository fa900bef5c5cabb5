/**
 * @file Small trials on one core and on all of them, in turns on the same plan: the speed-up, and what a
 * trial costs besides its training. `npm run speed:workers -- 5` for five rounds. Wants a quiet machine.
 *
 * One process alone is more than one core: V8 collects garbage and compiles on threads of its own. So
 * "one core" is one process held to a core (`taskset`, Linux); one free process stands beside it.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { median } from "../../analysis/statistics.ts";
import { completeConfiguration } from "../../protocol/configuration.ts";
import { type CellPlan, planCells } from "../../protocol/plan.ts";
import { loadOptimizer } from "../../protocol/registry.ts";
import { loadTask, tierOf } from "../../protocol/tasks.ts";
import { BOARD_ARM } from "../../results/schema.ts";
import { launchProcesses } from "../processes.ts";

interface Timing {
  /** From the first sign of training to the last trial's end. */
  readonly seconds: number;
  readonly trials: number;
  /** Seconds of a worker that a trial takes besides training, evaluating and compiling. */
  readonly overhead: number;
}

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
async function run(cells: readonly CellPlan[], workers: number): Promise<Timing> {
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

/** The same in a process of its own, held to the first core if asked. */
function timed(workers: number, held: boolean): Timing {
  const script = [...process.execArgv, fileURLToPath(import.meta.url), "once", String(workers)];
  const command = [...(held ? ["taskset", "--cpu-list", "0"] : []), process.execPath, ...script];
  return JSON.parse(execFileSync(command[0] as string, command.slice(1), { encoding: "utf8" }));
}

function compare(rounds: number): void {
  const cores = availableParallelism();
  const forms = [
    { name: "one core", workers: 1, held: true },
    { name: "one process", workers: 1, held: false },
    { name: `${cores} processes`, workers: cores, held: false },
  ].filter(({ held }) => !held || process.platform === "linux");
  const seconds = forms.map((): number[] => []);
  for (let round = 0; round < rounds; round++) {
    // The order turns: a machine that slows down favours none.
    for (let turn = 0; turn < forms.length; turn++) {
      const index = (round + turn) % forms.length;
      const { name, workers, held } = forms[index] as (typeof forms)[number];
      const timing = timed(workers, held);
      seconds[index]?.push(timing.seconds);
      process.stdout.write(
        `${name}: ${timing.trials} trials in ${timing.seconds.toFixed(1)} s, ` +
          `${(1000 * timing.overhead).toFixed(0)} ms a trial besides training\n`,
      );
    }
  }
  const all = seconds.at(-1) as number[];
  for (const [index, { name }] of forms.slice(0, -1).entries()) {
    const ratios = (seconds[index] as number[]).map(
      (value, round) => value / (all[round] as number),
    );
    process.stdout.write(
      `${cores} processes against ${name}: median ${median(ratios).toFixed(2)}x of ${ratios.map((ratio) => ratio.toFixed(2)).join(", ")}\n`,
    );
  }
}

if (process.argv[2] === "once") {
  const timing = await run(await smallPlan(), Number(process.argv[3]));
  process.stdout.write(JSON.stringify(timing));
} else {
  compare(Number(process.argv[2] ?? 3));
}
