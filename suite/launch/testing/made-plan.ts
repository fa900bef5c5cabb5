/** @file Plans and step times of any size, for tests and for `scale.ts`. */
import { mnistMlp } from "../../../tasks/mnist-mlp/index.ts";
import type { CellPlan } from "../../protocol/plan.ts";
import { BOARD_ARM } from "../../results/schema.ts";
import type { Known } from "../estimate.ts";
import type { StepTime } from "../step-times.ts";

export const MADE_CONFIGURATIONS = Array.from({ length: 20 }, (_, i) => ({
  learningRate: Number((0.01 * 1.2 ** i).toPrecision(3)),
}));
const REPORT_SEEDS = [1, 2, 3];
const BATCH_SIZES = [32, 64, 128, 256, 512, 1024, 2048];

/** A cell of 23 trials. */
export function madeCell(optimizer: string, batchSize: number, datasetSize: number): CellPlan {
  return {
    cell: { tier: "mini", task: mnistMlp.id, optimizer, batchSize, datasetSize },
    arm: BOARD_ARM,
    configurations: MADE_CONFIGURATIONS,
    reportSeeds: REPORT_SEEDS,
    diagnosticPoints: 0,
  };
}

/** At least `trials` trials over optimizers, batch sizes and as many dataset sizes as that takes. */
export function madePlan(trials: number, optimizers: readonly string[]): CellPlan[] {
  const each = MADE_CONFIGURATIONS.length + REPORT_SEEDS.length;
  return Array.from({ length: Math.ceil(trials / each) }, (_, i) => {
    const batch = Math.floor(i / optimizers.length);
    return madeCell(
      optimizers[i % optimizers.length] as string,
      BATCH_SIZES[batch % BATCH_SIZES.length] as number,
      5000 + 10 * Math.floor(batch / BATCH_SIZES.length),
    );
  });
}

/** Milliseconds per step in place of a measurement; evaluations take 10 ms, the last 20, compiling 1 s. */
export function madeTime(optimizer: string, batchSize: number, milliseconds: number): StepTime {
  return {
    task: mnistMlp.id,
    tier: "mini",
    optimizer,
    batchSize,
    stepSeconds: milliseconds / 1000,
    fastestStepSeconds: milliseconds / 1000,
    evaluationSeconds: 0.01,
    finalSeconds: 0.02,
    compileSeconds: 1,
  };
}

export function madeKnown(
  entries: readonly StepTime[],
  deviceClass = "onnxruntime-cpu-made-t1",
): Known {
  const table = {
    deviceClass,
    measuredAt: "2026-01-01T00:00:00Z",
    commit: "unknown",
    entries: [...entries],
  };
  return {
    times: [table],
    task: mnistMlp,
    engine: { backend: "onnxruntime", device: "cpu" },
  };
}
