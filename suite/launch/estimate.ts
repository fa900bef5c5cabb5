/** @file How long trials take, from measured step times; no time is guessed where nothing was measured. */
import { type CellPlan, trialCount } from "../protocol/plan.ts";
import type { TaskDeclaration, TierProtocol } from "../protocol/task.ts";
import { tierOf } from "../protocol/tasks.ts";
import { updatesOf } from "../protocol/validity.ts";
import type { Cell } from "../results/schema.ts";
import type { EngineChoice } from "./messages.ts";
import type { StepTime, StepTimes } from "./step-times.ts";

export interface Known {
  readonly times: readonly StepTimes[];
  readonly task: TaskDeclaration;
  /** Times of other engines and devices say nothing. */
  readonly engine: Pick<EngineChoice, "backend" | "device">;
}

/** The engine that results are made with, unless a person says otherwise. */
export const DEFAULT_ENGINE = { backend: "onnxruntime", device: "cpu" } as const;

export interface Estimator {
  /** Seconds of one process for all trials of a cell; undefined where its method was not measured. */
  seconds(plan: CellPlan): number | undefined;
  /** For comparing cells of one plan: seconds, or a stand-in where they are not known. */
  work(plan: CellPlan): number;
}

/** Begins the slug of every device class of this engine. */
const classPrefix = ({ backend, device }: Known["engine"]): string => `${backend}-${device}-`;

/** Reads the tables once, for plans of any length. */
export function estimator(known: Known): Estimator {
  const tables = known.times
    .filter(({ deviceClass }) => deviceClass.startsWith(classPrefix(known.engine)))
    .sort((a, b) => (a.measuredAt < b.measuredAt ? 1 : -1));
  const rows = new Map<string, readonly StepTime[][]>();
  const methods = new Set(tables.flatMap(({ entries }) => entries.map((one) => one.optimizer)));
  /** Of the machine that was measured last, of those that measured around this batch size if any did. */
  const rowsOf = ({ task, tier, batchSize }: Cell, optimizer: string): readonly StepTime[] => {
    const name = `${task} ${tier} ${optimizer}`;
    const found =
      rows.get(name) ??
      tables
        .map(({ entries }) =>
          entries
            .filter((e) => e.task === task && e.tier === tier && e.optimizer === optimizer)
            .sort((a, b) => a.batchSize - b.batchSize),
        )
        .filter(({ length }) => length > 0);
    rows.set(name, found);
    return found.find((one) => reaches(one, batchSize)) ?? found[0] ?? [];
  };
  const trial = (cell: Cell, optimizer = cell.optimizer) =>
    trialSeconds(cell, tierOf(known.task, cell.tier), rowsOf(cell, optimizer));
  const standIn = (cell: Cell): number => {
    const others = [...methods].flatMap((method) => trial(cell, method) ?? []);
    if (others.length > 0) return others.reduce((sum, one) => sum + one, 0) / others.length;
    return examplesSeen(cell, tierOf(known.task, cell.tier));
  };
  return {
    seconds: (plan) => {
      const count = trialCount(plan);
      const each = count === 0 ? 0 : trial(plan.cell);
      return each === undefined ? undefined : each * count;
    },
    work: (plan) => trialCount(plan) * (trial(plan.cell) ?? standIn(plan.cell)),
  };
}

/** Whether a batch size was measured or lies between measured ones. */
const reaches = (rows: readonly StepTime[], batchSize: number): boolean =>
  rows.some((one) => one.batchSize <= batchSize) && rows.some((one) => one.batchSize >= batchSize);

/** What an update costs beside its examples, in examples: small steps are mostly overhead. */
const UPDATE_OVERHEAD = 100;

/** Work of a trial where nothing was measured: training examples, updates and evaluations. */
function examplesSeen(
  { batchSize, datasetSize }: Cell,
  { budget, evaluations, trainExamplesPerEvaluation }: TierProtocol,
): number {
  const updates = updatesOf(budget, batchSize, datasetSize);
  return updates * (batchSize + UPDATE_OVERHEAD) + evaluations * trainExamplesPerEvaluation;
}

/** Steps, evaluations and compilation of one trial on one process. `rows`: by batch size, ascending. */
function trialSeconds(
  { batchSize, datasetSize }: Cell,
  { budget, evaluations }: TierProtocol,
  rows: readonly StepTime[],
): number | undefined {
  const [first, ...rest] = rows;
  if (!first) return undefined;
  const apart = (one: StepTime) => Math.abs(Math.log2(one.batchSize / batchSize));
  const nearest = rest.reduce((best, one) => (apart(one) < apart(best) ? one : best), first);
  return (
    updatesOf(budget, batchSize, datasetSize) * stepSecondsAt(rows, batchSize) +
    evaluations * nearest.evaluationSeconds +
    nearest.finalSeconds +
    nearest.compileSeconds
  );
}

/**
 * On a straight line between measured batch sizes. Past the largest in proportion to the batch, or by
 * the power of it that the two largest show: SENG's step grows as its cube. Below the smallest on the
 * line of the two smallest, whose height at 0 is what every step costs, but at least in proportion.
 */
function stepSecondsAt(rows: readonly StepTime[], batchSize: number): number {
  const above = rows.find((one) => one.batchSize >= batchSize);
  const below = rows.findLast((one) => one.batchSize <= batchSize);
  if (above && below) return onLine(below, above, batchSize);
  if (below) {
    return below.stepSeconds * (batchSize / below.batchSize) ** growthOf(rows.slice(-2));
  }
  const [first, second] = rows as [StepTime, StepTime | undefined];
  const most = first.stepSeconds;
  // One measurement cannot tell a step's cost from its examples': a smaller step may take as long.
  if (!second) return most;
  const proportional = most * (batchSize / first.batchSize);
  return Math.min(most, Math.max(proportional, onLine(first, second, batchSize)));
}

function onLine(from: StepTime, to: StepTime, batchSize: number): number {
  if (from === to) return from.stepSeconds;
  const share = (batchSize - from.batchSize) / (to.batchSize - from.batchSize);
  return from.stepSeconds + share * (to.stepSeconds - from.stepSeconds);
}

/** Power of the batch size by which a step grows between two measurements, at least 1. */
function growthOf([smaller, larger]: readonly StepTime[]): number {
  if (!smaller || !larger) return 1;
  const slower = Math.log(larger.stepSeconds / smaller.stepSeconds);
  return Math.max(1, slower / Math.log(larger.batchSize / smaller.batchSize));
}

/** Longest cells first, so that no long one is left for the end. */
export function longestFirst(plans: readonly CellPlan[], { work }: Estimator): CellPlan[] {
  return plans
    .map((plan) => ({ plan, weight: work(plan) }))
    .sort((a, b) => b.weight - a.weight)
    .map(({ plan }) => plan);
}
