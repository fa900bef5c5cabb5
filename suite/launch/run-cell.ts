/** @file A cell from its plan to its file: tuning trials, selection, report trials. */
import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { primaryMetric } from "../analysis/metric.ts";
import { scoreCell } from "../analysis/scored-cell.ts";
import type { DeviceReport } from "../engine/index.ts";
import type { OptimizerDeclaration } from "../optimizer/declaration.ts";
import type { Configuration } from "../optimizer/search.ts";
import { factsOf } from "../protocol/facts.ts";
import { type CellPlan, tuningSeeds } from "../protocol/plan.ts";
import type { TaskDeclaration } from "../protocol/task.ts";
import { tierOf } from "../protocol/tasks.ts";
import { updatesOf } from "../protocol/validity.ts";
import { trialKey } from "../results/key.ts";
import { tryLock } from "../results/lock.ts";
import type { CellFile, DeviceClass, Trial } from "../results/schema.ts";
import { cellPath, readCellFile, storeTrial } from "../results/store.ts";
import type { TaskData } from "../train/data.ts";
import type { TrialOutcome } from "../train/outcome.ts";
import { runTrial } from "../train/trial.ts";
import { commandOf } from "./command.ts";
import { medianRule } from "./hopeless.ts";
import type { sourceOf } from "./provenance.ts";

export interface CellContext {
  readonly task: TaskDeclaration;
  readonly optimizer: OptimizerDeclaration;
  readonly data: TaskData;
  readonly device: DeviceReport;
  readonly source: ReturnType<typeof sourceOf>;
  /** Folder that result files go below. */
  readonly root: string;
  /** Folder for checkpoints of trials in flight. */
  readonly scratch: string;
  readonly signal?: AbortSignal;
  readonly onTrial?: (trial: Trial, reused: boolean) => void;
  readonly onProgress?: (share: number) => void;
}

/**
 * Runs what the cell's file lacks. Idempotent: finished trials are recognised by their key.
 *
 * @throws Error when another living process is at this cell.
 */
export async function runCell(plan: CellPlan, context: CellContext): Promise<void> {
  if (plan.invalid) return;
  const { cell, arm, device } = placeOf(plan, context);
  const lock = tryLock(join(context.root, cellPath(cell, arm, device.class)));
  if ("heldBy" in lock) throw new Error(`${lock.heldBy} is at this cell: it is left to it.`);
  try {
    await runTrials(plan, context);
  } finally {
    lock.release();
  }
}

async function runTrials(plan: CellPlan, context: CellContext): Promise<void> {
  const { configurations, reportSeeds } = plan;
  for (const seed of tuningSeeds(plan)) {
    for (const configuration of configurations) {
      await ensureTrial(plan, context, { configuration, seed, role: "tune" });
    }
  }
  for (const configuration of chosenConfigurations(plan, context)) {
    for (const seed of reportSeeds) {
      await ensureTrial(plan, context, { configuration, seed, role: "report" });
    }
  }
}

/** The one that was given, or those that the tier's rule selects; none when all of them failed. */
function chosenConfigurations(plan: CellPlan, context: CellContext): readonly Configuration[] {
  if (plan.configurations.length === 1) return plan.configurations;
  const file = existingFile(plan, context);
  if (!file) return [];
  const facts = factsOf(context.task, plan.cell.tier);
  const wanted = new Set(
    tuningSeeds(plan).flatMap((seed) =>
      plan.configurations.map((one) => keyOf(plan, context, one, seed)),
    ),
  );
  const tuned = file.trials.filter(({ key, role }) => role === "tune" && wanted.has(key));
  const { chosen } = scoreCell({ ...file, trials: tuned }, primaryMetric(facts), facts);
  const unique = new Map(chosen.map((one) => [JSON.stringify(one), one]));
  return [...unique.values()];
}

interface TrialRequest {
  readonly configuration: Configuration;
  readonly seed: number;
  readonly role: Trial["role"];
}

async function ensureTrial(
  plan: CellPlan,
  context: CellContext,
  request: TrialRequest,
): Promise<void> {
  const key = keyOf(plan, context, request.configuration, request.seed);
  const known = existingFile(plan, context)?.trials.find((trial) => trial.key === key);
  const found = known ?? trialOfAnotherArm(plan, context, key);
  if (found) {
    const { role } = request;
    if (!known) storeTrial(context.root, placeOf(plan, context), { ...found, role });
    context.onTrial?.(found, true);
    return;
  }
  const startedAt = new Date().toISOString();
  const outcome = await trainTrial(plan, context, request, key);
  const trial = recordOf(plan, context, request, { key, startedAt, outcome });
  storeTrial(context.root, placeOf(plan, context), trial);
  rmSync(checkpointPath(context, key), { force: true });
  context.onTrial?.(trial, false);
}

/**
 * The same trial, run for another question. Not where this one asks for diagnostics, and never one
 * that another arm's rule stopped.
 */
function trialOfAnotherArm(plan: CellPlan, context: CellContext, key: string): Trial | undefined {
  if (plan.diagnosticPoints > 0) return undefined;
  const { cell, device } = placeOf(plan, context);
  const arms = join(context.root, cell.tier, cell.task);
  for (const arm of existsSync(arms) ? readdirSync(arms).sort() : []) {
    const file = join(context.root, cellPath(cell, arm, device.class));
    if (arm === plan.arm || !existsSync(file)) continue;
    const found = readCellFile(file).trials.find((trial) => trial.key === key);
    if (found && found.status !== "stopped-early") {
      const { diagnostics: _, ...trial } = found;
      return trial;
    }
  }
  return undefined;
}

async function trainTrial(
  plan: CellPlan,
  context: CellContext,
  { configuration, seed, role }: TrialRequest,
  key: string,
): Promise<TrialOutcome> {
  const { cell, diagnosticPoints } = plan;
  const { task, data, optimizer, scratch, signal, onProgress } = context;
  const protocol = tierOf(task, cell.tier);
  const stopEarly =
    plan.stopEarly && role === "tune"
      ? medianRule(existingFile(plan, context)?.trials ?? [], protocol)
      : undefined;
  mkdirSync(scratch, { recursive: true });
  return runTrial(
    {
      protocol,
      build: (builder, values) => protocol.build(builder, values, data),
      data,
      optimizer,
      hyperparameters: configuration,
      batchSize: cell.batchSize,
      datasetSize: cell.datasetSize,
      steps: updatesOf(protocol.budget, cell.batchSize, cell.datasetSize),
      seed,
      diagnosticPoints,
    },
    {
      checkpoint: { path: checkpointPath(context, key), everySeconds: 60 },
      ...(signal && { signal }),
      ...(stopEarly && { stopEarly }),
      ...(onProgress && { onProgress: (done, steps) => onProgress(done / steps) }),
    },
  );
}

function recordOf(
  { cell }: CellPlan,
  context: CellContext,
  { configuration, seed, role }: TrialRequest,
  run: { readonly key: string; readonly startedAt: string; readonly outcome: TrialOutcome },
): Trial {
  const { task, optimizer, data, device, source } = context;
  return {
    key: run.key,
    role,
    seed,
    versions: { task: task.version, optimizer: optimizer.version },
    hyperparameters: { ...configuration },
    budget: tierOf(task, cell.tier).budget,
    ...run.outcome,
    provenance: {
      ...source,
      runtime: device.runtimeVersion,
      dataset: { name: data.name, checksum: data.checksum },
      startedAt: run.startedAt,
      command: commandOf(cell, configuration, seed, device),
    },
  };
}

function existingFile(plan: CellPlan, context: CellContext): CellFile | undefined {
  const { cell, arm, device } = placeOf(plan, context);
  const file = join(context.root, cellPath(cell, arm, device.class));
  return existsSync(file) ? readCellFile(file) : undefined;
}

function placeOf({ cell, arm }: CellPlan, { device }: CellContext) {
  const { backend, processor, threads, gpu } = device;
  const where: DeviceClass = {
    class: device.deviceClass,
    backend,
    device: device.device,
    processor,
    threads,
    ...(gpu && { gpu }),
  };
  return { cell, arm, device: where };
}

function keyOf(plan: CellPlan, context: CellContext, configuration: Configuration, seed: number) {
  return trialKey({
    cell: plan.cell,
    taskVersion: context.task.version,
    optimizerVersion: context.optimizer.version,
    hyperparameters: { ...configuration },
    seed,
    deviceClass: context.device.deviceClass,
  });
}

const checkpointPath = ({ scratch }: CellContext, key: string): string =>
  join(scratch, `${key}.checkpoint`);
