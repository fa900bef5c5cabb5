/** @file Measures what trials cost here, for estimates: a few steps of each method and batch size. */
import type { OptimizerDeclaration } from "../optimizer/declaration.ts";
import { completeConfiguration } from "../protocol/configuration.ts";
import type { TaskDeclaration } from "../protocol/task.ts";
import { tierOf } from "../protocol/tasks.ts";
import { invalidReason } from "../protocol/validity.ts";
import type { Tier } from "../results/schema.ts";
import type { TaskData } from "../train/data.ts";
import { runTrial } from "../train/trial.ts";
import type { StepTime } from "./step-times.ts";

export interface MeasureOptions {
  readonly task: TaskDeclaration;
  readonly tier: Tier;
  readonly data: TaskData;
  readonly optimizers: readonly OptimizerDeclaration[];
  readonly batchSizes: readonly number[];
  readonly onEntry?: (entry: StepTime) => void;
}

/** Steps before the timed ones: the first of each interval compile their graphs. */
const WARM_UP = 3;
const TIMED = 12;

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
  const stepTimes: number[] = [];
  let last = performance.now();
  const { cost } = await runTrial(
    {
      protocol: { ...protocol, evaluations: 2 },
      build: (builder, values) => protocol.build(builder, values, data),
      data,
      optimizer,
      hyperparameters: completeConfiguration(optimizer, protocol, {}, { batchSize, datasetSize }),
      batchSize,
      datasetSize,
      steps: WARM_UP + TIMED,
      seed: 0,
    },
    {
      onProgress: (done) => {
        const now = performance.now();
        if (done > WARM_UP && done < WARM_UP + TIMED) stepTimes.push((now - last) / 1000);
        last = now;
      },
    },
  );
  stepTimes.sort((a, b) => a - b);
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
    stepSeconds: rounded(stepTimes[Math.floor(stepTimes.length / 2)] as number),
    fastestStepSeconds: rounded(stepTimes[0] as number),
    evaluationSeconds: rounded(perExample * looked),
    finalSeconds: rounded(perExample * whole),
    compileSeconds: rounded(cost.seconds.compile),
    dataShare: rounded(cost.seconds.data / cost.seconds.train),
  };
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
