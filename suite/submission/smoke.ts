/** @file Smoke trials of a submitted optimizer: does it train at all? */
import type { TierProtocol } from "../protocol/task.ts";
import { loadTask, tierOf } from "../protocol/tasks.ts";
import type { TaskData } from "../train/data.ts";
import type { Declared } from "./declared.ts";
import type { Report } from "./report.ts";
import { runTrialSandboxed } from "./rerun.ts";
import type { SandboxRequest } from "./sandbox.ts";

/** The task that is small enough to be run for every push. */
const SMOKE_TASK = "mnist-mlp";
const SMOKE_BATCHES = [64, 512];

/** Optimizers of one file that are tried; a file has two or three. */
const MAX_TRIED = 4;

export interface SmokeOptions {
  /** Tests hand in a smaller task. */
  readonly task?: string;
  readonly protocol?: TierProtocol;
  readonly batchSizes?: readonly number[];
}

/** Each declared optimizer, at its defaults, at a small and a large batch size. */
export async function runSmoke(
  { optimizers, defaults }: Declared,
  readable: SandboxRequest["readable"],
  { task = SMOKE_TASK, protocol, batchSizes = SMOKE_BATCHES }: SmokeOptions = {},
): Promise<Report["smoke"]> {
  const tier = protocol ?? tierOf(await loadTask(task), "smoke");
  const data = await tier.load({});
  const outcomes: Report["smoke"] = [];
  for (const { id } of optimizers.slice(0, MAX_TRIED)) {
    const found = defaults.find((one) => one.optimizer === id && one.task === task);
    for (const batchSize of batchSizes) {
      outcomes.push(
        await smokeTrial(
          { id, task, batchSize, hyperparameters: found?.hyperparameters ?? {} },
          tier,
          data,
          readable,
        ),
      );
    }
  }
  return outcomes;
}

interface SmokeTrial {
  readonly id: string;
  readonly task: string;
  readonly batchSize: number;
  readonly hyperparameters: Declared["defaults"][number]["hyperparameters"];
}

async function smokeTrial(
  { id, task, batchSize, hyperparameters }: SmokeTrial,
  protocol: TierProtocol,
  data: TaskData,
  readable: SandboxRequest["readable"],
): Promise<Report["smoke"][number]> {
  const datasetSize = protocol.datasetSizes.at(-1) as number;
  const cell = { tier: "smoke", task, optimizer: id, batchSize, datasetSize } as const;
  const trial = { cell, hyperparameters, seed: 1, threads: 1 };
  const { run, evaluated, problem } = await runTrialSandboxed(trial, protocol, data, readable);
  const accurate = protocol.metric === "accuracy";
  const score = evaluated?.final[accurate ? "testAccuracy" : "testLoss"] ?? null;
  const { chance } = protocol;
  return {
    optimizer: id,
    task,
    batchSize,
    metric: accurate ? "test-accuracy" : "test-loss",
    score,
    chance,
    seconds: Math.round(10 * run.seconds) / 10,
    problem:
      problem ??
      (score === null || (accurate ? score <= chance : score >= chance)
        ? "no better than chance: it does not learn at its defaults"
        : null),
  };
}
