/** @file What `bench` ends with: the board, the crossovers, and what to run next. */
import { join } from "node:path";
import { buildBoard } from "../analysis/board.ts";
import { factsOf } from "../protocol/facts.ts";
import { type CellPlan, EXPLORE_ARM } from "../protocol/plan.ts";
import { loadOptimizers } from "../protocol/registry.ts";
import type { TaskDeclaration } from "../protocol/task.ts";
import { BOARD_ARM, type CellFile, type Tier } from "../results/schema.ts";
import { listCellFiles, readCellFile } from "../results/store.ts";
import type { StudyDeclaration } from "../studies/study.ts";
import { paperFamilies, verdictsOf } from "../studies/verdicts.ts";
import { boardText } from "./board-view.ts";
import { dataShareText } from "./data-share.ts";
import { figureText } from "./figure-view.ts";
import { EXPLORE_NOTE } from "./plan-view.ts";
import { verdictText } from "./verdict-view.ts";

/** Challengers are compared with these. */
export const BASELINES = ["sgd", "adamw"] as const;

export interface SummaryOptions {
  readonly root: string;
  readonly task: TaskDeclaration;
  readonly tier: Tier;
  readonly plans: readonly CellPlan[];
  readonly study?: StudyDeclaration;
}

/** Prints the study's figure and what its claims come to, or the board of the cells that were planned. */
export async function printSummary(options: SummaryOptions): Promise<void> {
  const { root, task, tier, study, plans } = options;
  const out = process.stdout;
  const all = listCellFiles(join(root, tier, task.id)).map(readCellFile);
  const files = shownFiles(options, all);
  if (tier === "smoke") out.write("\nDemo, not a board: tier smoke is for trying things out.\n");
  if (plans[0]?.arm === EXPLORE_ARM) out.write(`\n${EXPLORE_NOTE}`);
  out.write(`\n${study ? studyText(options, study, files) : boardOfPlans(options, files)}\n\n`);
  if (study && tier !== "smoke") out.write(`${await claimsText(options, study, all)}\n\n`);
  out.write(`${dataShareText(files)}\nResults: ${join(root, tier, task.id)}\n`);
  if (tier === "smoke") out.write(nextCommands(options));
}

/** Results of the study's arm, or of the optimizers and batch sizes that were planned. */
function shownFiles({ plans, study }: SummaryOptions, all: readonly CellFile[]): CellFile[] {
  if (study) return all.filter(({ arm }) => arm === study.arm);
  const optimizers = new Set(plans.map(({ cell }) => cell.optimizer));
  const batches = new Set(plans.map(({ cell }) => cell.batchSize));
  return all.filter(({ cell }) => optimizers.has(cell.optimizer) && batches.has(cell.batchSize));
}

/** A demo decides nothing: not for tier smoke. */
async function claimsText(
  { task, tier }: SummaryOptions,
  study: StudyDeclaration,
  files: readonly CellFile[],
): Promise<string> {
  const families = paperFamilies((await loadOptimizers()).optimizers);
  const results = { task, tier, facts: factsOf(task, tier), files };
  return verdictsOf(study, results, families).map(verdictText).join("\n\n");
}

/** The figure, its caption and where the paper has it. */
function studyText(
  { task, tier }: SummaryOptions,
  study: StudyDeclaration,
  files: readonly CellFile[],
): string {
  const context = { tier, task: task.id, facts: factsOf(task, tier), arm: study.arm };
  return `${study.title} (the paper's ${study.paper})\n${study.caption}\n\n${figureText(study.figure(files, context))}`;
}

function boardOfPlans({ task, tier, plans }: SummaryOptions, files: readonly CellFile[]): string {
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
