/** @file What `bench` ends with: the board, the crossovers, and what to run next. */
import { join } from "node:path";
import { buildBoard } from "../analysis/board.ts";
import { factsOf } from "../protocol/facts.ts";
import type { CellPlan } from "../protocol/plan.ts";
import type { TaskDeclaration } from "../protocol/task.ts";
import type { Tier } from "../results/schema.ts";
import { listCellFiles, readCellFile } from "../results/store.ts";
import { boardText } from "./board-view.ts";

/** Challengers are compared with these. */
export const BASELINES = ["sgd", "adamw"] as const;

export interface SummaryOptions {
  readonly root: string;
  readonly task: TaskDeclaration;
  readonly tier: Tier;
  readonly plans: readonly CellPlan[];
}

/** Prints the board of the cells that were planned. */
export function printSummary({ root, task, tier, plans }: SummaryOptions): void {
  const optimizers = new Set(plans.map(({ cell }) => cell.optimizer));
  const batches = new Set(plans.map(({ cell }) => cell.batchSize));
  const files = listCellFiles(join(root, tier, task.id))
    .map(readCellFile)
    .filter(({ cell }) => optimizers.has(cell.optimizer) && batches.has(cell.batchSize));
  const board = buildBoard(files, { tier, task: task.id, facts: factsOf(task, tier) });
  const out = process.stdout;
  if (tier === "smoke") out.write("\nDemo, not a board: tier smoke is for trying things out.\n");
  out.write(`\n${board ? boardText(board, BASELINES) : "No cell has a result."}\n\n`);
  out.write(`Results: ${join(root, tier, task.id)}\n`);
  if (tier === "smoke") {
    out.write(
      `For results that count:\n` +
        `  npm run bench -- --task ${task.id} --tier mini --tune    (add --dry-run to see the cost)\n` +
        `  npm run bench -- --task ${task.id} --tier paper --tune\n`,
    );
  }
}
