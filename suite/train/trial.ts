/** @file One trial: a cell, a configuration and a seed, from initial weights to its record. */
import { setImmediate as nextTurn } from "node:timers/promises";
import * as tf from "@tensorflow/tfjs-core";
import { type Stream, stream } from "../data/prng.ts";
import { readCost, startCost, stopCost } from "../engine/cost.ts";
import { engineCounters, flush } from "../engine/index.ts";
import { PHASES } from "../engine/phase.ts";
import { disposeModel, ModelBuilder } from "../nn/model.ts";
import type { Optimizer } from "../optimizer/declaration.ts";
import { rateFactor, type Schedule } from "../optimizer/schedule.ts";
import { MAX_CURVE_POINTS } from "../results/schema.ts";
import { type EngineBatch, withBatch } from "./batch-problem.ts";
import type { BatchSource } from "./data.ts";
import { diagnosticsRecorder } from "./diagnostics.ts";
import { divergenceWatch } from "./divergence.ts";
import { evaluateRow } from "./evaluate-splits.ts";
import { rowsOf } from "./evaluation.ts";
import { atEvaluationWeights } from "./evaluation-weights.ts";
import type { TrialHooks } from "./hooks.ts";
import { outcomeOf, type Stop, type TrialOutcome } from "./outcome.ts";
import { evenlySpaced } from "./points.ts";
import { appendEvaluation, emptyCurves, finiteOrNull } from "./recorder.ts";
import { type Resumable, resume, save } from "./resume.ts";
import type { TrialSpec } from "./spec.ts";

/** The streams of a trial that outlive its start; batches keep their own. */
const STREAMS = ["dropout", "labels", "probe", "sketch"];

/** Longest time without a turn of the event loop. */
const TURN_MS = 50;

/** Thrown when `signal` stopped a trial: its checkpoint, if it keeps one, is on disk. */
export class TrialInterrupted extends Error {}

/** Everything that lives while one trial runs. */
interface Run extends Resumable {
  readonly spec: TrialSpec;
  readonly hooks: TrialHooks;
  readonly lossSum: tf.Variable;
  /** Examples that batches are gathered from: `[any, ...shape]`. */
  readonly table: tf.Tensor | undefined;
  readonly evaluationSteps: ReadonlySet<number>;
  readonly curveSteps: ReadonlySet<number>;
  readonly diverged: (step: number, loss: number) => string | undefined;
  readonly diagnostics: ReturnType<typeof diagnosticsRecorder>;
}

/**
 * Trains and evaluates. The engine must be chosen before (`useBackend`).
 *
 * @throws TrialInterrupted when `hooks.signal` asks to stop; EngineError when the engine fails.
 */
export async function runTrial(spec: TrialSpec, hooks: TrialHooks = {}): Promise<TrialOutcome> {
  const run = await startRun(spec, hooks);
  try {
    let stopped = run.progress.step === 0 ? await evaluateNow(run) : undefined;
    let lastTurn = performance.now();
    while (!stopped && run.progress.step < spec.steps) {
      trainStep(run);
      stopped = await afterStep(run);
      // Steps are synchronous: without a turn of the event loop no message to stop would arrive.
      if (performance.now() - lastTurn > TURN_MS) {
        await nextTurn();
        lastTurn = performance.now();
      }
      if (!stopped && hooks.signal?.aborted) {
        if (hooks.checkpoint) save(run, hooks.checkpoint.path);
        throw new TrialInterrupted("The trial was asked to stop.");
      }
    }
    return await outcomeOf(run, stopped);
  } finally {
    disposeRun(run);
  }
}

async function startRun(spec: TrialSpec, hooks: TrialHooks): Promise<Run> {
  const { seed, batchSize, datasetSize, optimizer, hyperparameters } = spec;
  const builder = new ModelBuilder(stream(seed, "init"));
  const model = spec.build(builder, hyperparameters);
  const streams = new Map<string, Stream>();
  const random = (name: string): Stream => {
    const known = streams.get(name) ?? stream(seed, name);
    streams.set(name, known);
    return known;
  };
  // All of them now: one that a method first asks for after a checkpoint must be restored too.
  for (const name of STREAMS) random(name);
  const instance: Optimizer = optimizer.create({
    hyperparameters,
    parameters: model.parameters,
    layers: model.layers,
    random,
  });
  const batches: BatchSource = spec.data.batches({ datasetSize, batchSize, seed });
  const run: Run = {
    spec,
    hooks,
    model,
    optimizer: instance,
    batches,
    streams,
    curves: emptyCurves(),
    progress: {
      step: 0,
      lossSteps: 0,
      flops: 0,
      peakBytes: 0,
      phases: Object.fromEntries(PHASES.map((phase) => [phase, { flops: 0, bytes: 0 }])),
      seconds: { train: 0, evaluate: 0, compile: 0, data: 0 },
    },
    lossSum: tf.tidy(() => tf.variable(tf.scalar(0), false)),
    table: batches.fromTable && keptTable(batches.fromTable.table, batches.shape),
    evaluationSteps: new Set(evenlySpaced(spec.steps, spec.protocol.evaluations)),
    curveSteps: new Set(evenlySpaced(spec.steps, MAX_CURVE_POINTS)),
    diverged: divergenceWatch(),
    diagnostics: diagnosticsRecorder(spec.steps, spec.diagnosticPoints ?? 0),
  };
  if (hooks.checkpoint) resume(run, hooks.checkpoint.path);
  return run;
}

/** One update; its loss joins the running sum on the graph. */
function trainStep(run: Run): void {
  const { spec, model, optimizer, batches, progress, streams } = run;
  const began = performance.now();
  const compileBefore = engineCounters().compileMs;
  const taken = takeBatch(run);
  const gotData = performance.now();
  const batch = onEngine(run, taken);
  run.diagnostics.watch(progress.step, model.parameters);
  startCost();
  withBatch(
    model,
    batch,
    batches.shape,
    {
      labelSmoothing: spec.protocol.labelSmoothing,
      dropout: streams.get("dropout") as Stream,
      labels: streams.get("labels") as Stream,
      ...(spec.protocol.microBatch && { microBatchSize: spec.protocol.microBatch }),
    },
    (problem) => {
      const loss = optimizer.step(problem, {
        step: progress.step,
        rateFactor:
          spec.optimizer.schedule === "constant"
            ? 1
            : rateFactor(scheduleOf(spec), progress.step, spec.steps, batches.stepsPerEpoch),
        progress: progress.step / spec.steps,
      });
      tf.tidy(() => run.lossSum.assign(tf.add(run.lossSum, loss)));
      loss.dispose();
    },
  );
  flush();
  const cost = readCost();
  stopCost();
  progress.step++;
  progress.lossSteps++;
  for (const phase of PHASES) {
    const sum = progress.phases[phase] as { flops: number; bytes: number };
    sum.flops += cost.phases[phase].flops;
    sum.bytes += cost.phases[phase].bytes;
  }
  progress.flops += cost.flops;
  // The method's memory, not the dataset's.
  const peakBytes = cost.peakBytes - 4 * (run.table?.size ?? 0);
  progress.peakBytes = Math.max(progress.peakBytes, peakBytes);
  const compile = (engineCounters().compileMs - compileBefore) / 1000;
  progress.seconds.compile += compile;
  progress.seconds.data += (gotData - began) / 1000;
  progress.seconds.train += (performance.now() - began) / 1000 - compile;
}

/** As a graph's result, which stays in a GPU's memory: values from JavaScript travel at every step. */
function keptTable(values: Float32Array, shape: readonly number[]): tf.Tensor {
  return tf.tidy(() => tf.mul(rowsOf(values, shape), 1));
}

/** What is waited for: values, or the rows of the table that the engine keeps. */
const takeBatch = ({ batches, table }: Run) =>
  table && batches.fromTable ? batches.fromTable.next() : batches.next();

/** Rows are gathered in the step's own graph. */
function onEngine({ table }: Run, taken: ReturnType<typeof takeBatch>): EngineBatch {
  if (!("rows" in taken)) return taken;
  const indices = tf.tensor1d(taken.rows.slice(), "int32");
  const inputs = tf.gather(table as tf.Tensor, indices);
  indices.dispose();
  return { inputs, labels: taken.labels };
}

/** The task's schedule; its warm-up may be one of the task's hyperparameters. */
function scheduleOf({ protocol, hyperparameters }: TrialSpec): Schedule {
  const { warmupSteps } = hyperparameters;
  return typeof warmupSteps === "number"
    ? { ...protocol.schedule, warmupSteps }
    : protocol.schedule;
}

/** Curves, evaluation, diagnostics, checkpoint: what is due after this step. Returns why to stop. */
async function afterStep(run: Run): Promise<Stop | undefined> {
  const { progress, spec, hooks, diagnostics } = run;
  const { step } = progress;
  if (run.curveSteps.has(step)) {
    const loss = await meanLoss(run);
    hooks.onProgress?.(step, spec.steps, loss);
    if (!Number.isFinite(loss)) {
      return { status: "diverged", reason: `loss ${loss} at step ${step}` };
    }
  }
  const stopped = run.evaluationSteps.has(step) ? await evaluateNow(run) : undefined;
  if (diagnostics.due(step)) await diagnostics.record(run);
  if (!stopped && hooks.checkpoint && step < spec.steps) checkpointIfDue(run, hooks.checkpoint);
  return stopped;
}

/** Reads and restarts the running mean of the training loss. */
async function meanLoss(run: Run): Promise<number> {
  const { progress, lossSum, curves } = run;
  const loss = ((await lossSum.data())[0] as number) / progress.lossSteps;
  tf.tidy(() => lossSum.assign(tf.scalar(0)));
  progress.lossSteps = 0;
  curves.training.step.push(progress.step);
  curves.training.loss.push(finiteOrNull(loss));
  return loss;
}

async function evaluateNow(run: Run): Promise<Stop | undefined> {
  const { spec, model, optimizer, curves, progress, hooks } = run;
  const began = performance.now();
  const row = await atEvaluationWeights({ ...spec, model, optimizer }, () =>
    evaluateRow(model, spec),
  );
  progress.seconds.evaluate += (performance.now() - began) / 1000;
  appendEvaluation(curves, {
    step: progress.step,
    epoch: Number((progress.step / run.batches.stepsPerEpoch).toPrecision(7)),
    flops: progress.flops,
    seconds: Number(progress.seconds.train.toPrecision(4)),
    ...row,
  });
  const reason = run.diverged(progress.step, row.trainLoss ?? Number.NaN);
  if (reason) return { status: "diverged", reason };
  const hopeless = hooks.stopEarly?.(curves);
  return hopeless ? { status: "stopped-early", reason: hopeless } : undefined;
}

function checkpointIfDue(run: Run, checkpoint: NonNullable<TrialHooks["checkpoint"]>): void {
  const now = performance.now();
  run.lastCheckpoint ??= now;
  if (now - run.lastCheckpoint < checkpoint.everySeconds * 1000) return;
  save(run, checkpoint.path);
  run.lastCheckpoint = now;
}

function disposeRun(run: Run): void {
  run.diagnostics.dispose();
  run.optimizer.state.dispose();
  run.lossSum.dispose();
  run.table?.dispose();
  disposeModel(run.model);
}
