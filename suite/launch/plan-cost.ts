/** @file What a plan costs: trials, what is finished already, time and disk. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { type CellPlan, trialCount, tuningSeeds } from "../protocol/plan.ts";
import { sortedRecord } from "../results/canonical.ts";
import { hyperparametersSchema, MAX_FILE_BYTES, type Trial } from "../results/schema.ts";
import { cellPath } from "../results/store.ts";
import { type Estimator, estimator, type Known, longestFirst } from "./estimate.ts";

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

/** What the machine of `deviceClass` has still to run. `root`: folder of result files. */
export function costOfPlan(
  plans: readonly CellPlan[],
  options: Known & {
    readonly root: string;
    readonly deviceClass: string;
    readonly workers: number;
  },
): PlanCost {
  const { seconds: secondsOf } = estimator(options);
  const cells = plans.map((plan): CellCost => {
    const trials = trialCount(plan);
    const finished = trials === 0 ? 0 : finishedTrials(plan, options);
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

/** Planned trials that the cell's file holds. Another machine's would be run again: they are not counted. */
function finishedTrials(
  plan: CellPlan,
  { root, deviceClass }: { readonly root: string; readonly deviceClass: string },
): number {
  const file = join(root, cellPath(plan.cell, plan.arm, deviceClass));
  return existsSync(file) ? plannedAmong(plan, trialsOf(file)) : 0;
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
