/** @file What `bench` ends with: the board, the crossovers, and what to run next. */
import { join } from "node:path";
import { buildBoard } from "../analysis/board.ts";
import { factsOf } from "../protocol/facts.ts";
import { BOARD_ARM, type CellPlan } from "../protocol/plan.ts";
import type { TaskDeclaration } from "../protocol/task.ts";
import type { Tier } from "../results/schema.ts";
import { listCellFiles, readCellFile } from "../results/store.ts";
import type { StudyDeclaration } from "../studies/study.ts";
import { boardText } from "./board-view.ts";
import { figureText } from "./figure-view.ts";

/** Challengers are compared with these. */
export const BASELINES = ["sgd", "adamw"] as const;

export interface SummaryOptions {
  readonly root: string;
  readonly task: TaskDeclaration;
  readonly tier: Tier;
  readonly plans: readonly CellPlan[];
  readonly study?: StudyDeclaration;
}

/** Prints the study's figure, or the board of the cells that were planned. */
export function printSummary(options: SummaryOptions): void {
  const { root, task, tier } = options;
  const out = process.stdout;
  if (tier === "smoke") out.write("\nDemo, not a board: tier smoke is for trying things out.\n");
  out.write(`\n${options.study ? studyText(options, options.study) : boardOfPlans(options)}\n\n`);
  out.write(`Results: ${join(root, tier, task.id)}\n`);
  if (tier === "smoke") out.write(nextCommands(options));
}

/** The figure, its caption and where the paper has it. */
function studyText({ root, task, tier }: SummaryOptions, study: StudyDeclaration): string {
  const files = listCellFiles(join(root, tier, task.id))
    .map(readCellFile)
    .filter(({ arm }) => arm === study.arm);
  const context = { tier, task: task.id, facts: factsOf(task, tier), arm: study.arm };
  return `${study.title} (the paper's ${study.paper})\n${study.caption}\n\n${figureText(study.figure(files, context))}`;
}

function boardOfPlans({ root, task, tier, plans }: SummaryOptions): string {
  const optimizers = new Set(plans.map(({ cell }) => cell.optimizer));
  const batches = new Set(plans.map(({ cell }) => cell.batchSize));
  const files = listCellFiles(join(root, tier, task.id))
    .map(readCellFile)
    .filter(({ cell }) => optimizers.has(cell.optimizer) && batches.has(cell.batchSize));
  const arm = plans[0]?.arm ?? BOARD_ARM;
  const board = buildBoard(files, { tier, task: task.id, facts: factsOf(task, tier), arm });
  return board ? boardText(board, BASELINES) : "No cell has a result.";
}

function nextCommands({ task, study }: SummaryOptions): string {
  const what = study ? `--study ${study.id}` : `--task ${task.id}`;
  const tune = study ? "" : " --tune";
  const tiers = (["mini", "paper"] as const).filter((tier) => task.tiers[tier]);
  const commands = tiers.map((tier) => `  npm run bench -- ${what} --tier ${tier}${tune}\n`);
  return ["For results that count (add --dry-run to see the cost):\n", ...commands].join("");
}
