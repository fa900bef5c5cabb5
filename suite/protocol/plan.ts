/** @file Which trials answer a question: cells, their configurations and their seeds. */
import type { OptimizerDeclaration } from "../optimizer/declaration.ts";
import type { Configuration } from "../optimizer/search.ts";
import { type Cell, type Tier, TUNING_SEED } from "../results/schema.ts";
import type { CellSizes } from "./configuration.ts";
import type { TaskDeclaration } from "./task.ts";
import { tierOf } from "./tasks.ts";
import { invalidReason } from "./validity.ts";

/**
 * For trials that no board reads: tuning with early stopping (budgets differ between configurations),
 * sizes that are not the tier's, other values of what the task fixes, searches in which something is
 * set, and variants that repeat the defects of the paper's library.
 */
export const EXPLORE_ARM = "explore";

/**
 * A cell's work, as plain data. With one configuration it is reported as it is; with several, each is
 * tried with the tuning seeds, and the best (tier `paper`: the best of each half) is reported.
 */
export interface CellPlan {
  readonly cell: Cell;
  readonly arm: string;
  readonly configurations: readonly Configuration[];
  /** `TUNING_SEED` alone by default. */
  readonly tuneSeeds?: readonly number[];
  readonly reportSeeds: readonly number[];
  readonly diagnosticPoints: number;
  /** Ends tuning trials that are hopeless beside the finished ones; not on boards. */
  readonly stopEarly?: boolean;
  /** Why the cell cannot be measured; it has no trials then. */
  readonly invalid?: string;
}

export interface PlanRequest {
  readonly task: TaskDeclaration;
  readonly tier: Tier;
  readonly arm: string;
  readonly optimizers: readonly OptimizerDeclaration[];
  readonly configurations: (
    optimizer: OptimizerDeclaration,
    sizes: CellSizes,
  ) => readonly Configuration[];
  readonly batchSizes: readonly number[];
  readonly datasetSizes: readonly number[];
  readonly tuneSeeds?: readonly number[];
  readonly reportSeeds: readonly number[];
  readonly diagnosticPoints?: number;
  readonly stopEarly?: boolean;
}

/** Every combination of optimizer, dataset size and batch size. */
export function planCells(request: PlanRequest): CellPlan[] {
  const { task, tier, arm, tuneSeeds, reportSeeds, diagnosticPoints = 0, stopEarly } = request;
  const { budget } = tierOf(task, tier);
  return request.optimizers.flatMap((optimizer) =>
    request.datasetSizes.flatMap((datasetSize) =>
      request.batchSizes.map((batchSize) => {
        const invalid = invalidReason(budget, batchSize, datasetSize);
        return {
          cell: { tier, task: task.id, optimizer: optimizer.id, batchSize, datasetSize },
          arm,
          configurations: request.configurations(optimizer, { batchSize, datasetSize }),
          ...(tuneSeeds && { tuneSeeds }),
          reportSeeds,
          diagnosticPoints,
          ...(stopEarly && { stopEarly }),
          ...(invalid && { invalid }),
        };
      }),
    ),
  );
}

/** Trials of a cell when nothing is finished yet (cross-fitting may report two configurations). */
export function trialCount(plan: CellPlan): number {
  if (plan.invalid) return 0;
  return plan.configurations.length * tuningSeeds(plan).length + plan.reportSeeds.length;
}

/** The seeds with which each configuration is tried; none where there is nothing to choose. */
export function tuningSeeds({
  configurations,
  tuneSeeds = [TUNING_SEED],
}: Pick<CellPlan, "configurations" | "tuneSeeds">): readonly number[] {
  return configurations.length > 1 ? tuneSeeds : [];
}
