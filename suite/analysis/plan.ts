/**
 * The frozen plan of a board, as plain data: which trials may enter, so that more trials from a
 * generous contributor never improve a score.
 */
import type { CellFile, Hyperparameters, Trial } from "../results/schema.ts";
import { configurationKey } from "./configuration.ts";

export interface PlannedCell {
  optimizer: string;
  batchSize: number;
  datasetSize: number;
  /** Every configuration to try; absent: whatever was tried with a tuning seed. */
  configurations?: readonly Hyperparameters[];
  tuneSeeds: readonly number[];
  reportSeeds: readonly number[];
  /** Why the cell cannot be measured, e.g. fewer than 20 updates. */
  invalid?: string;
}

/** Text that identifies a cell inside one task and tier. */
export function cellKey(cell: {
  optimizer: string;
  batchSize: number;
  datasetSize: number;
}): string {
  return `${cell.optimizer} b${cell.batchSize} n${cell.datasetSize}`;
}

export type PlanIndex = ReadonlyMap<string, PlannedCell>;

export function indexPlan(plan: readonly PlannedCell[]): PlanIndex {
  return new Map(plan.map((cell) => [cellKey(cell), cell]));
}

/**
 * The file with only the trials that the plan names, or null when none is left. Reported
 * configurations need not be listed: the selection decides which of them counts.
 */
export function admitted(file: CellFile, plan: PlanIndex): CellFile | null {
  const planned = plan.get(cellKey(file.cell));
  if (!planned) return null;
  const allowed = planned.configurations && new Set(planned.configurations.map(configurationKey));
  const admits = (trial: Trial) => {
    const seeds = trial.role === "tune" ? planned.tuneSeeds : planned.reportSeeds;
    if (!seeds.includes(trial.seed)) return false;
    return !allowed || allowed.has(configurationKey(trial.hyperparameters));
  };
  const trials = file.trials.filter(admits);
  return trials.length > 0 ? { ...file, trials } : null;
}
