/** @file What a plan costs: trials, what is finished already, time and disk. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";
import { type CellPlan, trialCount, tuningSeeds } from "../protocol/plan.ts";
import { sortedRecord } from "../results/canonical.ts";
import { hyperparametersSchema, MAX_FILE_BYTES, type Trial } from "../results/schema.ts";
import { cellPath, listCellFiles } from "../results/store.ts";
import { classPrefix, type Estimator, estimator, type Known, longestFirst } from "./estimate.ts";

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
  /** Unfinished cells without any measurement to estimate from. */
  readonly unmeasured: number;
  readonly bytes: number;
}

/** Bytes that a trial adds to its cell's file, as seen: most where its curve has all its points. */
const BYTES_PER_TRIAL = 6000;

/** Trials that a cell's file has room for. */
export const MAX_CELL_TRIALS = Math.floor(MAX_FILE_BYTES / BYTES_PER_TRIAL);

/** `root`: folder of result files. Only folders that exist are looked into, each once. */
export function costOfPlan(
  plans: readonly CellPlan[],
  options: Known & { readonly root: string; readonly workers: number },
): PlanCost {
  const { seconds: secondsOf } = estimator(options);
  const finishedTrials = finishedByCell(options.root, classPrefix(options.engine));
  const cells = plans.map((plan): CellCost => {
    const trials = trialCount(plan);
    const finished = trials === 0 ? 0 : finishedTrials(plan);
    const whole = secondsOf(plan);
    const share = trials === 0 ? 0 : (trials - finished) / trials;
    return { plan, trials, finished, seconds: whole === undefined ? undefined : whole * share };
  });
  const sum = (of: (cell: CellCost) => number) =>
    cells.reduce((total, cell) => total + of(cell), 0);
  return {
    cells,
    trials: sum(({ trials }) => trials),
    finished: sum(({ finished }) => finished),
    seconds: sum(({ seconds }) => seconds ?? 0) / options.workers,
    unmeasured: sum(({ seconds, trials, finished }) =>
      seconds === undefined && finished < trials ? 1 : 0,
    ),
    bytes: sum(({ trials, finished }) => (trials - finished) * BYTES_PER_TRIAL),
  };
}

/** Finished cells first: they are only read, and the time left is soon that of the rest, longest first. */
export function runningOrder({ cells }: PlanCost, estimate: Estimator): CellPlan[] {
  const planOf = ({ plan }: CellCost) => plan;
  const finished = cells.filter((cell) => cell.finished >= cell.trials).map(planOf);
  const left = cells.filter((cell) => cell.finished < cell.trials).map(planOf);
  return [...finished, ...longestFirst(left, estimate)];
}

/** As much of a result file as counting needs: curves are not checked here. */
const countedSchema = z.object({
  trials: z.array(
    z.object({ role: z.string(), seed: z.number(), hyperparameters: hyperparametersSchema }),
  ),
});
type Counted = Pick<Trial, "role" | "seed" | "hyperparameters">;

/** Planned trials that a cell's file holds, on whichever machine of this engine has most. */
function finishedByCell(root: string, prefix: string): (plan: CellPlan) => number {
  const folders = new Map<string, string[]>();
  return (plan) => {
    const path = join(root, cellPath(plan.cell, plan.arm, prefix));
    const folder = dirname(path);
    const files = folders.get(folder) ?? (existsSync(folder) ? listCellFiles(folder) : []);
    folders.set(folder, files);
    const start = path.slice(0, -".json".length);
    const counts = files
      .filter((file) => file.startsWith(start))
      .map((file) => plannedAmong(plan, trialsOf(file)));
    return Math.max(0, ...counts);
  };
}

/** A file that cannot be read holds nothing; `validate` says what is wrong with it. */
function trialsOf(file: string): readonly Counted[] {
  try {
    return countedSchema.parse(JSON.parse(readFileSync(file, "utf8"))).trials as Counted[];
  } catch {
    return [];
  }
}

const nameOf = (hyperparameters: Trial["hyperparameters"]): string =>
  JSON.stringify(sortedRecord(hyperparameters));

/** Which configuration will be reported is not known before tuning: any planned one counts. */
function plannedAmong(plan: CellPlan, trials: readonly Counted[]): number {
  const { configurations, reportSeeds } = plan;
  const planned = new Set(configurations.map(nameOf));
  const known = trials.filter(({ hyperparameters }) => planned.has(nameOf(hyperparameters)));
  const tuned = known.filter(
    ({ role, seed }) => role === "tune" && tuningSeeds(plan).includes(seed),
  );
  const reported = known.filter(
    ({ role, seed }) => role === "report" && reportSeeds.includes(seed),
  );
  return tuned.length + Math.min(reportSeeds.length, reported.length);
}
