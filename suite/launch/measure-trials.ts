/**
 * @file Measures what trials cost here, for estimates, as cheaply as it can be near the truth.
 *
 * Two trials of each method and batch size. The first, of a few steps, shows what compiling and
 * evaluating take. The second is a real one, as long as the protocol says, and is left as soon as its
 * steps were timed warm: a cold step takes up to ten times as long as those of a long trial.
 */
import type { OptimizerDeclaration } from "../optimizer/declaration.ts";
import { completeConfiguration } from "../protocol/configuration.ts";
import type { TaskDeclaration } from "../protocol/task.ts";
import { tierOf } from "../protocol/tasks.ts";
import { invalidReason, updatesOf } from "../protocol/validity.ts";
import type { Tier } from "../results/schema.ts";
import type { TaskData } from "../train/data.ts";
import type { TrialSpec } from "../train/spec.ts";
import { runTrial, TrialInterrupted } from "../train/trial.ts";
import { StepClock, type StepSeconds } from "./step-clock.ts";
import type { StepTime } from "./step-times.ts";
import { COLD_STEPS } from "./warm-up.ts";

export interface MeasureOptions {
  readonly task: TaskDeclaration;
  readonly tier: Tier;
  readonly data: TaskData;
  readonly optimizers: readonly OptimizerDeclaration[];
  readonly batchSizes: readonly number[];
  readonly onEntry?: (entry: StepTime) => void;
}

/** One entry per optimizer and batch size that makes a valid cell at the full dataset. */
export async function measureTrials(options: MeasureOptions): Promise<StepTime[]> {
  const { task, tier, optimizers, batchSizes } = options;
  const protocol = tierOf(task, tier);
  const datasetSize = protocol.datasetSizes.at(-1) as number;
  const entries: StepTime[] = [];
  for (const batchSize of batchSizes) {
    if (invalidReason(protocol.budget, batchSize, datasetSize)) continue;
    for (const optimizer of optimizers) {
      const entry = await measureOne(options, optimizer, batchSize, datasetSize);
      entries.push(entry);
      options.onEntry?.(entry);
    }
  }
  return entries;
}

async function measureOne(
  { task, tier, data }: MeasureOptions,
  optimizer: OptimizerDeclaration,
  batchSize: number,
  datasetSize: number,
): Promise<StepTime> {
  const protocol = tierOf(task, tier);
  const spec: TrialSpec = {
    protocol,
    build: (builder, values) => protocol.build(builder, values, data),
    data,
    optimizer,
    hyperparameters: completeConfiguration(optimizer, protocol, { batchSize, datasetSize }),
    batchSize,
    datasetSize,
    steps: updatesOf(protocol.budget, batchSize, datasetSize),
    seed: 0,
  };
  const short = { ...spec, protocol: { ...protocol, evaluations: 2 }, steps: COLD_STEPS };
  const { cost } = await runTrial(short);
  const step = await warmStepOf(spec);
  // Two evaluations on the way and the final one, which also sees the whole training set.
  const looked =
    protocol.trainExamplesPerEvaluation + setSize(data, protocol.selection, datasetSize);
  const whole =
    datasetSize +
    (data.evaluationSet("validation", datasetSize)?.count ?? 0) +
    setSize(data, "test", datasetSize);
  const perExample = cost.seconds.evaluate / (2 * looked + whole);
  return {
    task: task.id,
    tier,
    optimizer: optimizer.id,
    batchSize,
    stepSeconds: rounded(step.mean),
    fastestStepSeconds: rounded(step.fastest),
    evaluationSeconds: rounded(perExample * looked),
    finalSeconds: rounded(perExample * whole),
    compileSeconds: rounded(cost.seconds.compile),
    dataShare: rounded(step.dataShare),
  };
}

/** Of the steps of a trial once they are warm. */
async function warmStepOf(spec: TrialSpec): Promise<StepSeconds> {
  const enough = new AbortController();
  const clock = new StepClock(spec, () => enough.abort());
  try {
    await runTrial({ ...spec, data: clock.data }, { signal: enough.signal });
  } catch (error) {
    if (!(error instanceof TrialInterrupted)) throw error;
  }
  return clock.read();
}

function setSize(
  data: TaskData,
  which: "validation" | "cross-fitted" | "test",
  datasetSize: number,
): number {
  return (
    data.evaluationSet(which === "validation" ? "validation" : "test", datasetSize)?.count ?? 0
  );
}

const rounded = (seconds: number): number => Number(seconds.toPrecision(3));
