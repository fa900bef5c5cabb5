/** @file What a plan costs, from measured step times; nothing is guessed where nothing was measured. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type CellPlan, trialCount } from "../protocol/plan.ts";
import type { TaskDeclaration } from "../protocol/task.ts";
import { tierOf } from "../protocol/tasks.ts";
import { updatesOf } from "../protocol/validity.ts";
import type { Cell } from "../results/schema.ts";
import { cellPath, listCellFiles, readCellFile } from "../results/store.ts";
import type { EngineChoice } from "./messages.ts";
import type { StepTime, StepTimes } from "./step-times.ts";

interface Known {
  readonly times: readonly StepTimes[];
  readonly task: TaskDeclaration;
}

export interface CellCost {
  readonly plan: CellPlan;
  readonly trials: number;
  readonly finished: number;
  /** Seconds of one process for what is not finished; undefined where nothing was measured. */
  readonly seconds: number | undefined;
}

export interface PlanCost {
  readonly cells: readonly CellCost[];
  readonly trials: number;
  readonly finished: number;
  /** Of the cells with a measurement, divided among the workers. */
  readonly seconds: number;
  /** Cells without any measurement to estimate from. */
  readonly unmeasured: number;
  readonly bytes: number;
}

/** Bytes that a trial adds to its cell's file, as seen. */
const BYTES_PER_TRIAL = 4000;

/** Cells, trials, what is finished already, time and disk. */
export function costOfPlan(
  plans: readonly CellPlan[],
  options: Known & { readonly root: string; readonly engine: EngineChoice },
): PlanCost {
  const finishedTrials = finishedByCell(options.root);
  const cells = plans.map((plan): CellCost => {
    const trials = trialCount(plan);
    const finished = Math.min(trials, finishedTrials(plan));
    const each = plan.invalid ? 0 : trialSeconds(plan.cell, options);
    return {
      plan,
      trials,
      finished,
      seconds: each === undefined ? undefined : each * (trials - finished),
    };
  });
  const sum = (of: (cell: CellCost) => number) =>
    cells.reduce((total, cell) => total + of(cell), 0);
  return {
    cells,
    trials: sum(({ trials }) => trials),
    finished: sum(({ finished }) => finished),
    seconds: sum(({ seconds }) => seconds ?? 0) / options.engine.workers,
    unmeasured: sum(({ seconds }) => (seconds === undefined ? 1 : 0)),
    bytes: sum(({ trials, finished }) => (trials - finished) * BYTES_PER_TRIAL),
  };
}

/** Trials in a cell's files, on whichever device class has most; folders are listed once. */
function finishedByCell(root: string): (plan: CellPlan) => number {
  const folders = new Map<string, string[]>();
  return ({ cell, arm }) => {
    const pattern = cellPath(cell, arm, "*");
    const folder = join(root, cell.tier, cell.task, arm, cell.optimizer);
    const files = folders.get(folder) ?? (existsSync(folder) ? listCellFiles(folder) : []);
    folders.set(folder, files);
    const start = join(root, pattern.slice(0, pattern.indexOf("*")));
    const counts = files
      .filter((file) => file.startsWith(start))
      .map((file) => readCellFile(file).trials.length);
    return Math.max(0, ...counts);
  };
}

/** Seconds of one trial on one process; undefined where its method was not measured at this task. */
export function trialSeconds(cell: Cell, { times, task }: Known): number | undefined {
  const entries = times
    .flatMap(({ entries: all }) => all)
    .filter(
      (one) => one.task === cell.task && one.tier === cell.tier && one.optimizer === cell.optimizer,
    );
  const nearest = [...entries].sort((a, b) => apart(a, cell) - apart(b, cell))[0];
  if (!nearest) return undefined;
  const protocol = tierOf(task, cell.tier);
  const steps = updatesOf(protocol.budget, cell.batchSize, cell.datasetSize);
  const { evaluationSeconds, finalSeconds, compileSeconds } = nearest;
  return (
    steps * stepSecondsAt(entries, cell.batchSize) +
    protocol.evaluations * evaluationSeconds +
    finalSeconds +
    compileSeconds
  );
}

const apart = ({ batchSize }: StepTime, cell: Cell): number =>
  Math.abs(Math.log2(batchSize / cell.batchSize));

/** On a straight line between measured batch sizes; beyond them in proportion to the batch. */
function stepSecondsAt(entries: readonly StepTime[], batchSize: number): number {
  const sorted = [...entries].sort((a, b) => a.batchSize - b.batchSize);
  const above = sorted.find((one) => one.batchSize >= batchSize);
  const below = sorted.findLast((one) => one.batchSize <= batchSize);
  if (above && below) {
    const share =
      above === below ? 0 : (batchSize - below.batchSize) / (above.batchSize - below.batchSize);
    return below.stepSeconds + share * (above.stepSeconds - below.stepSeconds);
  }
  const end = (above ?? below) as StepTime;
  return (end.stepSeconds * Math.max(batchSize, end.batchSize)) / end.batchSize;
}

/** Longest cells first, so that no long one is left for the end; by updates where not measured. */
export function longestFirst(plans: readonly CellPlan[], known: Known): CellPlan[] {
  const weight = (plan: CellPlan) =>
    trialCount(plan) *
    (trialSeconds(plan.cell, known) ?? plan.cell.datasetSize / plan.cell.batchSize);
  const weights = new Map(plans.map((plan) => [plan, weight(plan)]));
  return [...plans].sort((a, b) => (weights.get(b) as number) - (weights.get(a) as number));
}
