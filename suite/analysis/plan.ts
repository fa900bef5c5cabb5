/**
 * The frozen plan of a board, as plain data: which trials may enter, so that more trials from a
 * generous contributor never improve a score.
 */
import type { CellFile, Hyperparameters, Trial } from "../results/schema.ts";

/** A cell's place inside one task and tier. */
export interface CellPlace {
  readonly optimizer: string;
  readonly batchSize: number;
  readonly datasetSize: number;
}

export interface PlannedCell {
  readonly cell: CellPlace;
  /** Every configuration to try, by the hyperparameters that the plan fixes. */
  readonly configurations: readonly Hyperparameters[];
  readonly reportSeeds: readonly number[];
  /** Seed 0 alone by default. */
  readonly tuneSeeds?: readonly number[];
  /** Why the cell cannot be measured, e.g. fewer than 20 updates. */
  readonly invalid?: string;
}

/** Text that identifies a cell inside one task and tier. */
export function cellKey(cell: CellPlace): string {
  return `${cell.optimizer} b${cell.batchSize} n${cell.datasetSize}`;
}

export type PlanIndex = ReadonlyMap<string, PlannedCell>;

export function indexPlan(plan: readonly PlannedCell[]): PlanIndex {
  return new Map(plan.map((planned) => [cellKey(planned.cell), planned]));
}

const TUNING_SEEDS = [0];

/** The file with only the trials that the plan names, or null when none is left. */
export function admitted(file: CellFile, plan: PlanIndex): CellFile | null {
  const planned = plan.get(cellKey(file.cell));
  if (!planned || planned.invalid) return null;
  const { configurations, reportSeeds, tuneSeeds = TUNING_SEEDS } = planned;
  const admits = ({ role, seed, hyperparameters }: Trial) =>
    (role === "tune" ? tuneSeeds : reportSeeds).includes(seed) &&
    configurations.some((one) => agrees(one, hyperparameters));
  const trials = file.trials.filter(admits);
  return trials.length > 0 ? { ...file, trials } : null;
}

function agrees(planned: Hyperparameters, tried: Hyperparameters): boolean {
  return Object.entries(planned).every(([name, value]) => tried[name] === value);
}
