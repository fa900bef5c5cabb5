/** @file A trial trained in the sandbox and evaluated outside, and what it says beside the record. */
import { join } from "node:path";
import { processorModel } from "../engine/devices.ts";
import type { TierProtocol } from "../protocol/task.ts";
import { updatesOf } from "../protocol/validity.ts";
import type { Cell, CellFile, Hyperparameters, Trial } from "../results/schema.ts";
import type { TaskData } from "../train/data.ts";
import { type Evaluated, evaluateWeights } from "./evaluate.ts";
import type { Limits } from "./limits.ts";
import { type PackedTrial, writePack } from "./pack.ts";
import { INSIDE, runSandboxed, type SandboxResult, withFolders } from "./sandbox.ts";

export interface TrialToRun {
  readonly cell: Cell;
  readonly hyperparameters: Hyperparameters;
  readonly seed: number;
  readonly threads: number;
}

export interface SandboxedTrial {
  readonly run: SandboxResult;
  /** Absent when the run left nothing that can be evaluated; `problem` says why. */
  readonly evaluated?: Evaluated;
  readonly problem?: string;
}

/** Trains in the sandbox, evaluates here. */
export async function runTrialSandboxed(
  trial: TrialToRun,
  protocol: TierProtocol,
  data: TaskData,
  readable: Readonly<Record<string, string>>,
  limits: Partial<Limits> = {},
): Promise<SandboxedTrial> {
  const { batchSize, datasetSize } = trial.cell;
  const steps = updatesOf(protocol.budget, batchSize, datasetSize);
  const packed: PackedTrial = { ...trial, steps };
  return withFolders(async (input, output) => {
    writePack(input, data, packed);
    const run = await runSandboxed({
      command: [
        ...["node", "--import", "tsx", "suite/submission/inside/train.ts"],
        ...[INSIDE.input, INSIDE.output],
      ],
      readable: { ...readable, [INSIDE.input]: input },
      output,
      limits,
    });
    if (run.end === "stopped") return { run, problem: `stopped: ${run.reason}` };
    if (run.code !== 0) return { run, problem: `ended with exit code ${run.code}` };
    try {
      return {
        run,
        evaluated: await evaluateWeights(join(output, "weights"), packed, protocol, data),
      };
    } catch (error) {
      return { run, problem: (error as Error).message };
    }
  });
}

export type RerunVerdict = "same bits" | "within tolerance" | "differs" | "failed";

export interface Comparison {
  readonly verdict: RerunVerdict;
  readonly recorded: number | null;
  readonly now: number | null;
  readonly tolerance: number;
  /** The same bits are asked for there. */
  readonly sameProcessor: boolean;
}

/**
 * Same bits where the processor model and the threads are the recorded ones; elsewhere the final
 * metric must lie within the task's tolerance.
 */
export function compareRerun(
  { device }: Pick<CellFile, "device">,
  trial: Pick<Trial, "final" | "fingerprint">,
  { evaluated }: SandboxedTrial,
  protocol: TierProtocol,
  processor = processorModel(),
): Comparison {
  const metric = protocol.metric === "accuracy" ? "testAccuracy" : "testLoss";
  const recorded = trial.final[metric] ?? null;
  const now = evaluated?.final[metric] ?? null;
  const { tolerance } = protocol;
  const sameProcessor = device.processor === processor;
  const base = { recorded, now, tolerance, sameProcessor };
  if (!evaluated) return { ...base, verdict: "failed" };
  const same =
    evaluated.fingerprint === trial.fingerprint &&
    JSON.stringify(evaluated.final) === JSON.stringify(trial.final);
  if (same) return { ...base, verdict: "same bits" };
  const close =
    recorded === now ||
    (recorded !== null && now !== null && Math.abs(recorded - now) <= tolerance);
  return { ...base, verdict: close && !sameProcessor ? "within tolerance" : "differs" };
}

/** Where trials can be rerun: what hosted runners have. */
export function canRerun({ device }: Pick<CellFile, "device">): boolean {
  return device.backend === "onnxruntime" && device.device === "cpu";
}

/** One of them by chance, among those whose recorded time fits; undefined when none does. */
export function chooseTrial<T extends { readonly file: CellFile; readonly trial: Trial }>(
  trials: readonly T[],
  mostSeconds: number,
  random: () => number = Math.random,
): T | undefined {
  const fit = trials.filter(
    ({ file, trial }) =>
      canRerun(file) && trial.status === "finished" && trial.cost.seconds.train <= mostSeconds,
  );
  return fit[Math.floor(random() * fit.length)];
}
