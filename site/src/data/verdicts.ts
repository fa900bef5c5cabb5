/** @file The verdict of each claim at each tier, by the rules of `suite/analysis/claims`. */
import { type Board, boardOf } from "../../../suite/analysis/board.ts";
import {
  batchOverDatasetClaim,
  planePoints,
} from "../../../suite/analysis/claims/batch-over-dataset.ts";
import type { ClaimId, ClaimResult } from "../../../suite/analysis/claims/claim.ts";
import { criterionIterationsClaim } from "../../../suite/analysis/claims/criterion-iterations.ts";
import { eigenvaluesSettleClaim } from "../../../suite/analysis/claims/eigenvalues-settle.ts";
import type { BoardEvidence } from "../../../suite/analysis/claims/evidence.ts";
import { gapGrowsClaim } from "../../../suite/analysis/claims/gap-grows.ts";
import { globalLocalClaim } from "../../../suite/analysis/claims/global-local.ts";
import { incompetence } from "../../../suite/analysis/claims/guards.ts";
import {
  dampingTrendClaim,
  optimumEvidence,
  ratioConstantClaim,
} from "../../../suite/analysis/claims/hyperparameter-trends.ts";
import { intervalLengthenedClaim } from "../../../suite/analysis/claims/interval-lengthened.ts";
import { largeBatchClaim } from "../../../suite/analysis/claims/large-batch.ts";
import { overtakesClaim } from "../../../suite/analysis/claims/overtakes.ts";
import { psgdDegradesClaim } from "../../../suite/analysis/claims/psgd-degrades.ts";
import { smallDataClaim } from "../../../suite/analysis/claims/small-data.ts";
import type { Axis } from "../../../suite/analysis/crossover.ts";
import { METRICS, type MetricId, primaryMetric } from "../../../suite/analysis/metric.ts";
import { scoreCells } from "../../../suite/analysis/score-cells.ts";
import { distinct } from "../../../suite/analysis/statistics.ts";
import type { CellFile } from "../../../suite/results/schema.ts";
import type { StudyDeclaration } from "../../../suite/studies/study.ts";
import { intervalCells } from "../../../suite/studies/table2.ts";
import type { TaskBoard } from "./boards.ts";
import { criterionCurves, settlings } from "./evidence.ts";
import { paperFamilies } from "./paper.ts";

/** The study's own cell files at a tier: its arm and its methods. */
export function studyFiles(study: StudyDeclaration, { files, task, tier }: TaskBoard): CellFile[] {
  const protocol = task.tiers[tier];
  const methods = new Set(
    protocol ? study.cells(protocol, tier).map(({ optimizer }) => optimizer) : [],
  );
  return files.filter(({ arm, cell }) => arm === study.arm && methods.has(cell.optimizer));
}

/** Decides a study's claims; without trials each says so. */
export function verdictsOf(study: StudyDeclaration, task: TaskBoard): readonly ClaimResult[] {
  const key = `${study.id}/${task.task.id}/${task.tier}`;
  const known = decided.get(key) ?? decideAll(study, task);
  decided.set(key, known);
  return known;
}

const decided = new Map<string, readonly ClaimResult[]>();

function decideAll(study: StudyDeclaration, task: TaskBoard): ClaimResult[] {
  const files = studyFiles(study, task);
  return study.claims.map((id) => (files.length === 0 ? undecided(id) : decide(id, files, task)));
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
  task: TaskBoard,
  options: { metric?: MetricId; axis?: Axis } = {},
): BoardEvidence | null {
  const { facts, tier } = task;
  const scoring = { tier, task: task.task.id, facts };
  const metric = options.metric ?? primaryMetric(facts).id;
  const cells = scoreCells(task.files, { ...scoring, metric });
  const board = boardOf(cells, { ...scoring, metric, axis: options.axis ?? "batch" });
  const primary: Board | undefined = task.slices[0]?.board;
  return board && primary ? { board, primary, facts, families: paperFamilies() } : null;
}

function decide(id: ClaimId, files: readonly CellFile[], task: TaskBoard): ClaimResult {
  const onBoard = (
    use: (evidence: BoardEvidence) => ClaimResult,
    options?: Parameters<typeof evidenceOf>[1],
  ) => {
    const evidence = evidenceOf(task, options);
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
      return onPlane(task);
    case "ratio-constant":
      return ratioConstantClaim(optima(files, task));
    case "damping-trend":
      return dampingTrendClaim(optima(files, task));
    case "interval-lengthened":
      return intervalLengthenedClaim(intervalCells(files), {
        fromPercent: 0.3,
        missing: floorOf(task),
      });
    case "criterion-iterations":
      return criterionIterationsClaim(criterionCurves(files), []);
    case "eigenvalues-settle":
      return eigenvaluesSettleClaim(settlings(files), []);
  }
}

function floorOf({ slices, facts }: TaskBoard): string[] {
  const board = slices[0]?.board;
  return board ? incompetence(board, paperFamilies().firstOrder, facts) : ["the board of the task"];
}

/** K-FAC against AdamW over batch and dataset sizes. */
function onPlane(task: TaskBoard): ClaimResult {
  const metric = METRICS[primaryMetric(task.facts).id];
  const points = planePoints(task.cells, { challenger: "kfac", baseline: "adamw", metric });
  return points.length === 0
    ? undecided("batch-over-dataset")
    : batchOverDatasetClaim(points, floorOf(task));
}

/** The optima of the study's first method at its largest dataset. */
function optima(files: readonly CellFile[], { tier, task, facts }: TaskBoard) {
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
