/** @file What a study is: a figure or table of the paper, the cells it needs, and how they become it. */
import type { ClaimId } from "../analysis/claims/claim.ts";
import type { TaskFacts } from "../analysis/metric.ts";
import type { Configuration } from "../optimizer/search.ts";
import type { TierProtocol } from "../protocol/task.ts";
import type { CellFile, Tier } from "../results/schema.ts";
import type { Figure } from "./figure.ts";

/** Cells of one optimizer: every combination of the sizes. */
export interface StudyCells {
  readonly optimizer: string;
  readonly batchSizes: readonly number[];
  readonly datasetSizes: readonly number[];
  /** Given values of each configuration; absent: the tier's quasi-random search. */
  readonly configurations?: readonly Configuration[];
  /** With which each configuration is tried; absent: seed 0 alone. */
  readonly tuneSeeds?: readonly number[];
  /** Rows of diagnostics to record. */
  readonly diagnosticPoints?: number;
}

export interface FigureContext {
  readonly tier: Tier;
  readonly task: string;
  readonly facts: TaskFacts;
}

export interface StudyDeclaration {
  readonly id: string;
  readonly title: string;
  /** Where it stands in the paper. */
  readonly paper: string;
  /** What the figure shows, in one or two sentences. */
  readonly caption: string;
  readonly task: string;
  /** `board` where the figure is drawn from the board's own trials; else the study's own arm. */
  readonly arm: string;
  readonly claims: readonly ClaimId[];
  /** Which cells answer it at a tier. */
  cells(protocol: TierProtocol, tier: Tier): readonly StudyCells[];
  /** The figure's data from the study's cell files; parts without data are left out. */
  figure(files: readonly CellFile[], context: FigureContext): Figure;
}

/** The paper's entries, in its order (it has no curve of K-BFGS). */
export const PAPER_OPTIMIZERS = [
  "sgd",
  "adamw",
  "kfac",
  "kfac-local",
  "foof",
  "shampoo",
  "psgd",
  "kbfgs",
  "seng",
] as const;
