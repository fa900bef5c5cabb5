/** @file `npm run speed`: how fast this machine is, kernel by kernel, step by step, trial by trial. */
import { spawnSync } from "node:child_process";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { type DeviceReport, useBackend } from "../engine/index.ts";
import { peer } from "../engine/speed/contestants.ts";
import { gemmRate } from "../launch/gemm-rate.ts";
import { measureSteps } from "../launch/measure-steps.ts";
import { measureTrials } from "../launch/measure-trials.ts";
import { sourceOf } from "../launch/provenance.ts";
import { STEP_MODELS } from "../launch/step-models.ts";
import { type OptimizerTimes, type StepTable, writeStepTable } from "../launch/step-table.ts";
import { writeStepTimes } from "../launch/step-times.ts";
import { UsageError, unknownName } from "../protocol/error.ts";
import { loadOptimizer, loadOptimizers } from "../protocol/registry.ts";
import { loadTask, tierOf } from "../protocol/tasks.ts";
import { canonicalJson } from "../results/canonical.ts";
import { TIERS, type Tier } from "../results/schema.ts";
import { loadWithProgress } from "./loading.ts";
import { names, positiveInteger } from "./options.ts";
import { runCommand } from "./run.ts";
import { stepsText } from "./step-view.ts";
import { textTable } from "./table.ts";
import { duration, percent } from "./words.ts";

const FOLDER = fileURLToPath(new URL("../../results/speed", import.meta.url));

interface SpeedOptions {
  steps?: boolean;
  trials?: boolean;
  task?: string;
  tier: Tier;
  optimizer?: string[];
  python?: string;
  rounds: number;
  threads: number;
  write?: boolean;
  json?: boolean;
}

const ENGINE = fileURLToPath(new URL("../engine/speed/run.ts", import.meta.url));

const command = new Command("speed")
  .description(
    "Speed of the engine against its floor and its peers; step times of optimizers (--steps); " +
      "costs of trials for estimates (--trials).",
  )
  .option("--case <word>", "engine: cases whose name contains the word")
  .option("--python <path>", "an interpreter with torch, or jax and optax, as peers")
  .option("--steps", "every optimizer on a few models, at intervals 1 and 10, beside SGD")
  .option("--trials", "one task's trials: what plans are estimated from")
  .option("--task <id>", "with --trials")
  .option("--tier <tier>", "with --trials", "mini")
  .option("--optimizer <ids>", "default: all", names)
  .option("--rounds <count>", "turns of everyone who is timed", positiveInteger("--rounds"), 5)
  .option(
    "--threads <count>",
    "threads of the engine",
    positiveInteger("--threads"),
    availableParallelism(),
  )
  .option("--write", "into results/speed/, named after this machine")
  .option("--json", "measurements as JSON")
  .addHelpText(
    "after",
    `
Examples:
  npm run speed
  npm run speed -- --case "batch 32" --python .venv/bin/python
  npm run speed -- --steps
  npm run speed -- --steps --optimizer sgd,kfac,shampoo --rounds 9
  npm run speed -- --trials --task mnist-mlp --tier mini --threads 1 --write

Close other programs first: a busy machine makes every figure worse, and not equally.`,
  )
  .action(async (options: SpeedOptions) => {
    if (options.trials) await trials(options);
    else if (options.steps) await steps(options);
    else engineCases();
  });

/** The engine's own cases, in a process of their own: contestants take turns there. */
function engineCases(): void {
  const { status } = spawnSync(
    process.execPath,
    ["--import", "tsx", ENGINE, ...process.argv.slice(2)],
    {
      stdio: "inherit",
    },
  );
  process.exitCode = status ?? 1;
}

async function chosenOptimizers({ optimizer }: SpeedOptions) {
  if (optimizer) return Promise.all(optimizer.map((id) => loadOptimizer(id)));
  return (await loadOptimizers()).optimizers;
}

async function steps(options: SpeedOptions): Promise<void> {
  const { threads, rounds, python } = options;
  const device = await useBackend({ threads, spinning: true });
  const optimizers = await chosenOptimizers(options);
  const sgd = await loadOptimizer("sgd");
  const onEnd = (message: string) => process.stderr.write(`${message}\n`);
  const torch = python ? await peer("torch", { python, threads, onEnd }) : null;
  const rate = gemmRate();
  const measured: OptimizerTimes[] = [];
  for (const model of STEP_MODELS) {
    process.stderr.write(`${model.name}, batch ${model.batchSize}\n`);
    const onOptimizer = ({ optimizer, variants }: OptimizerTimes) =>
      process.stderr.write(`  ${optimizer}: ${variants[0]?.medianMs} ms\n`);
    measured.push(
      ...(await measureSteps(model, { optimizers, sgd, rounds, peer: torch, onOptimizer })),
    );
  }
  torch?.stop();
  const table: StepTable = {
    ...heading(device),
    gemmGflops: rate / 1e9,
    measurements: measured,
  };
  if (options.write) process.stderr.write(`${writeStepTable(table, FOLDER)}\n`);
  process.stdout.write(options.json ? `${canonicalJson(table)}\n` : stepsText(measured, rate));
}

const heading = (device: DeviceReport) => ({
  deviceClass: device.deviceClass,
  processor: device.processor,
  threads: device.threads,
  runtime: device.runtimeVersion,
  measuredAt: new Date().toISOString(),
  commit: sourceOf().commit,
});

async function trials(options: SpeedOptions): Promise<void> {
  if (!options.task) throw new UsageError("--trials needs a task.", "Add --task mnist-mlp.");
  if (!TIERS.includes(options.tier)) throw unknownName("tier", options.tier, TIERS);
  const { tier, threads } = options;
  const task = await loadTask(options.task);
  const protocol = tierOf(task, tier);
  const device = await useBackend({ threads, spinning: false });
  const data = await loadWithProgress(protocol.load);
  const entries = await measureTrials({
    task,
    tier,
    data,
    optimizers: await chosenOptimizers(options),
    batchSizes: protocol.batchSizes,
    onEntry: ({ optimizer, batchSize, stepSeconds }) =>
      process.stderr.write(
        `${optimizer} b${batchSize}: ${(1000 * stepSeconds).toFixed(2)} ms a step\n`,
      ),
  });
  if (options.write) {
    const { deviceClass, measuredAt, commit } = heading(device);
    process.stdout.write(`${writeStepTimes({ deviceClass, measuredAt, commit, entries })}\n`);
  }
  const rows = entries.map((entry) => [
    entry.optimizer,
    String(entry.batchSize),
    (1000 * entry.stepSeconds).toFixed(2),
    duration(entry.evaluationSeconds),
    entry.dataShare === undefined ? "" : percent(entry.dataShare, 1),
  ]);
  process.stdout.write(
    options.json
      ? `${canonicalJson(entries)}\n`
      : `${textTable(["optimizer", "batch", "ms a step", "evaluation", "waiting for data"], rows)}\n`,
  );
}

await runCommand(command);
