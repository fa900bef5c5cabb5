/** @file The verdict of each claim at each tier, by the rules of `suite/analysis/claims`. */
import { type Board, boardOf } from "../analysis/board.ts";
import { batchOverDatasetClaim, planePoints } from "../analysis/claims/batch-over-dataset.ts";
import type { ClaimId, ClaimResult } from "../analysis/claims/claim.ts";
import { criterionIterationsClaim } from "../analysis/claims/criterion-iterations.ts";
import { eigenvaluesSettleClaim } from "../analysis/claims/eigenvalues-settle.ts";
import type { BoardEvidence, Families } from "../analysis/claims/evidence.ts";
import { gapGrowsClaim } from "../analysis/claims/gap-grows.ts";
import { globalLocalClaim } from "../analysis/claims/global-local.ts";
import { incompetence } from "../analysis/claims/guards.ts";
import {
  dampingTrendClaim,
  optimumEvidence,
  ratioConstantClaim,
} from "../analysis/claims/hyperparameter-trends.ts";
import { intervalLengthenedClaim } from "../analysis/claims/interval-lengthened.ts";
import { largeBatchClaim } from "../analysis/claims/large-batch.ts";
import { overtakesClaim } from "../analysis/claims/overtakes.ts";
import { psgdDegradesClaim } from "../analysis/claims/psgd-degrades.ts";
import { smallDataClaim } from "../analysis/claims/small-data.ts";
import type { Axis } from "../analysis/crossover.ts";
import { type MetricId, primaryMetric, type TaskFacts } from "../analysis/metric.ts";
import { scoreCells } from "../analysis/score-cells.ts";
import { distinct } from "../analysis/statistics.ts";
import type { OptimizerDeclaration } from "../optimizer/declaration.ts";
import type { TaskDeclaration } from "../protocol/task.ts";
import type { CellFile, Tier } from "../results/schema.ts";
import { criterionCurves, settlings } from "./evidence.ts";
import { PAPER_OPTIMIZERS, type StudyDeclaration } from "./study.ts";
import { intervalCells } from "./table2.ts";

/** All that was measured of a task at a tier. */
export interface TierResults {
  readonly task: TaskDeclaration;
  readonly tier: Tier;
  readonly facts: TaskFacts;
  /** Of every arm. */
  readonly files: readonly CellFile[];
}

/** The paper's methods by family: what its claims are about. */
export function paperFamilies(optimizers: readonly OptimizerDeclaration[]): Families {
  const ids = (family: string) =>
    PAPER_OPTIMIZERS.filter((id) => optimizers.find((one) => one.id === id)?.family === family);
  return { firstOrder: ids("first-order"), secondOrder: ids("second-order") };
}

/** The study's own cell files: its arm and its methods. */
export function studyFiles(
  study: StudyDeclaration,
  { files, task, tier }: Omit<TierResults, "facts">,
): CellFile[] {
  const protocol = task.tiers[tier];
  const methods = new Set(
    protocol ? study.cells(protocol, tier).map(({ optimizer }) => optimizer) : [],
  );
  return files.filter(({ arm, cell }) => arm === study.arm && methods.has(cell.optimizer));
}

/** Decides a study's claims; without trials each says so. */
export function verdictsOf(
  study: StudyDeclaration,
  results: TierResults,
  families: Families,
): ClaimResult[] {
  const own = studyFiles(study, results);
  if (own.length === 0) return study.claims.map(undecided);
  const context = { ...results, families, boardBy: boardsOf(results) };
  return study.claims.map((id) => decide(id, own, context));
}

type Context = TierResults & {
  readonly families: Families;
  readonly boardBy: (metric: MetricId, axis: Axis) => Board | null;
};

/** Each board is scored once, whatever number of claims read it. */
function boardsOf({ files, task, tier, facts }: TierResults): Context["boardBy"] {
  const known = new Map<string, Board | null>();
  return (metric, axis) => {
    const key = `${metric} ${axis}`;
    const scoring = { tier, task: task.id, facts, metric };
    const found = known.get(key);
    const board =
      found === undefined ? boardOf(scoreCells(files, scoring), { ...scoring, axis }) : found;
    known.set(key, board);
    return board;
  };
}

function undecided(id: ClaimId): ClaimResult {
  return {
    id,
    verdict: "not enough data",
    statistics: [],
    finding: "not measured",
    missing: ["every cell of the study"],
    sensitivity: [],
  };
}

function evidenceOf(
  { facts, families, boardBy }: Context,
  { metric, axis = "batch" }: { metric?: MetricId; axis?: Axis } = {},
): BoardEvidence | null {
  const { id } = primaryMetric(facts);
  const primary = boardBy(id, axis);
  const board = boardBy(metric ?? id, axis);
  return board && primary ? { board, primary, facts, families } : null;
}

function decide(id: ClaimId, files: readonly CellFile[], context: Context): ClaimResult {
  const onBoard = (
    use: (evidence: BoardEvidence) => ClaimResult,
    options?: Parameters<typeof evidenceOf>[1],
  ) => {
    const evidence = evidenceOf(context, options);
    return evidence ? use(evidence) : undecided(id);
  };
  switch (id) {
    case "large-batch":
      return onBoard((evidence) => largeBatchClaim(evidence));
    case "train-accuracy":
      return onBoard((evidence) => largeBatchClaim(evidence, "train-accuracy"), {
        metric: "train-accuracy",
      });
    case "gap-grows":
      return onBoard(gapGrowsClaim);
    case "psgd-degrades":
      return onBoard((evidence) => psgdDegradesClaim(evidence, { subject: "psgd", like: "sgd" }));
    case "global-beats-local":
      return onBoard((evidence) =>
        globalLocalClaim(evidence, { global: "kfac", local: "kfac-local" }),
      );
    case "overtakes":
      return onBoard((evidence) =>
        overtakesClaim(evidence, { challenger: "shampoo", baseline: "adamw" }),
      );
    case "small-data":
      return onBoard((evidence) => smallDataClaim(evidence, { baseline: "adamw" }), {
        metric: "train-loss",
        axis: "dataset",
      });
    case "batch-over-dataset":
      return onPlane(context);
    case "ratio-constant":
      return ratioConstantClaim(optima(files, context));
    case "damping-trend":
      return dampingTrendClaim(optima(files, context));
    case "interval-lengthened":
      return intervalLengthenedClaim(intervalCells(files), {
        fromPercent: 0.3,
        missing: floorOf(context),
      });
    case "criterion-iterations":
      return criterionIterationsClaim(criterionCurves(files), []);
    case "eigenvalues-settle":
      return eigenvaluesSettleClaim(settlings(files), []);
  }
}

function floorOf(context: Context): string[] {
  const evidence = evidenceOf(context);
  return evidence
    ? incompetence(evidence.board, context.families.firstOrder, context.facts)
    : ["the board of the task"];
}

/** K-FAC against AdamW over batch and dataset sizes. */
function onPlane(context: Context): ClaimResult {
  const { files, task, tier, facts } = context;
  const cells = scoreCells(files, { tier, task: task.id, facts });
  const metric = primaryMetric(facts);
  const points = planePoints(cells, { challenger: "kfac", baseline: "adamw", metric });
  return points.length === 0
    ? undecided("batch-over-dataset")
    : batchOverDatasetClaim(points, floorOf(context));
}

/** The optima of the study's first method at its largest dataset. */
function optima(files: readonly CellFile[], { tier, task, facts }: Context) {
  const arm = files[0]?.arm ?? "board";
  const [optimizer] = distinctIds(files);
  const own = files.filter(({ cell }) => cell.optimizer === optimizer);
  const full = Math.max(...distinct(own.map(({ cell }) => cell.datasetSize)));
  const whole = own.filter(({ cell }) => cell.datasetSize === full);
  const cells = scoreCells(whole, { tier, task: task.id, facts, arm });
  return optimumEvidence(cells, { learningRate: "learningRate", damping: "damping" });
}

const distinctIds = (files: readonly CellFile[]) => {
  const ids = new Set(files.map(({ cell }) => cell.optimizer));
  return ids.has("kfac") ? ["kfac"] : [...ids];
};
