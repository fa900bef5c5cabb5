/**
 * One cell's trials become one scored cell: the configuration chosen, its value for each report seed,
 * and everything that a reader needs to distrust it (budget, divergences, grid edges, cost).
 */
import type { Cell, CellFile, Hyperparameters, Status, Trial } from "../results/schema.ts";
import { type CellCost, costOf, countStatuses, type StatusCounts } from "./cell-cost.ts";
import { configurationKey, type GridEdge, gridEdges } from "./configuration.ts";
import { type Maker, makersOf } from "./makers.ts";
import {
  chanceLevel,
  type Fold,
  finalValue,
  foldsOf,
  type Metric,
  type TaskFacts,
} from "./metric.ts";
import { bestOfK, orderBest } from "./selection.ts";
import { at, groupBy, mean } from "./statistics.ts";

/** A tuned configuration as the selection saw it. */
export interface Configuration {
  key: string;
  hyperparameters: Hyperparameters;
  flops: number;
  status: Status;
  /** Per fold: oriented selecting value, -∞ if it diverged. */
  select: readonly number[];
  /** Per fold: the tuning seed's reporting value, chance level if it diverged. */
  report: readonly number[];
}

/** A report seed of the chosen configuration(s). */
export interface ReportSeed {
  seed: number;
  value: number;
  diverged: boolean;
  /** Per fold: oriented selecting value, -∞ if it diverged, and reporting value. */
  select: readonly number[];
  report: readonly number[];
  /** Of the trials that it is made of: two where folds chose differently. */
  keys: readonly string[];
}

export interface ScoredCell {
  cell: Cell;
  deviceClass: string;
  /** `scored`; `failed`: every configuration diverged; `unreported`: tuned, no report seeds yet. */
  state: "scored" | "failed" | "unreported";
  /** Mean over report seeds, in the metric's own unit; NaN unless scored. */
  score: number;
  seeds: readonly ReportSeed[];
  diverged: number;
  /** Chosen per fold: one entry, or two when cross-fitted. */
  chosen: readonly Hyperparameters[];
  chosenKeys: readonly string[];
  configurations: readonly Configuration[];
  /** Seeds that each configuration was tuned with; 0: the defaults, not tuned. */
  tuneSeeds: number;
  foldWeights: readonly number[];
  /** Per fold: mean over the report seeds of the reporting value. */
  foldScores: readonly number[];
  edges: readonly GridEdge[];
  /** Expected value of the best of k configurations, k = 1..n, by the tuning seed. */
  bestOfK: readonly number[];
  /** Best of what was tuned (reported, where nothing was) on the reporting set: the paper's biased reading. */
  paperStyle: number | null;
  statuses: StatusCounts;
  /** Medians over the report seeds (over the tuning trials while there are none). */
  cost: CellCost;
  trials: number;
  /** SHA-256 of the data that the trials were trained on: one, or the cell mixes datasets. */
  datasetChecksums: readonly string[];
  makers: readonly Maker[];
}

/**
 * Scores the trials of one file by its tier's rule.
 *
 * @throws RangeError when a report seed occurs twice for a configuration.
 */
export function scoreCell(file: CellFile, metric: Metric, facts: TaskFacts): ScoredCell {
  const folds = foldsOf(metric, facts);
  const chance = chanceLevel(metric.quantity, facts);
  const configurations = configurationsOf(file.trials, folds, chance);
  const orders = folds.map((_, fold) =>
    orderBest(
      configurations.map((one) => at(one.select, fold)),
      configurations,
    ),
  );
  const chosen = orders.map((order) => configurations[order[0] ?? -1]);
  const failed = chosen.every((one) => one?.select.every((v) => v === Number.NEGATIVE_INFINITY));
  const seeds = failed ? [] : reportSeeds(file, { folds, chosen, chance });
  const scored = seeds.length > 0;
  const choices = failed ? [] : chosen.flatMap((one) => one ?? []);
  return {
    cell: file.cell,
    deviceClass: file.device.class,
    state: failed ? "failed" : scored ? "scored" : "unreported",
    score: scored ? mean(seeds.map(({ value }) => value)) : Number.NaN,
    seeds,
    diverged: seeds.filter(({ diverged }) => diverged).length,
    chosen: choices.map(({ hyperparameters }) => hyperparameters),
    chosenKeys: choices.map(({ key }) => key),
    configurations,
    tuneSeeds: fewestTuned(file.trials),
    foldWeights: folds.map(({ weight }) => weight),
    foldScores: folds.map((_, fold) => mean(seeds.map(({ report }) => at(report, fold)))),
    edges: failed ? [] : edgesOf(orders, configurations),
    bestOfK: meanBestOfK(orders, configurations, folds),
    paperStyle: paperStyle(file.trials, metric, folds),
    statuses: countStatuses(file.trials),
    cost: costOf(
      file.trials,
      seeds.flatMap(({ keys }) => keys),
    ),
    trials: file.trials.length,
    datasetChecksums: [...new Set(file.trials.map((one) => one.provenance.dataset.checksum))],
    makers: makersOf(file.trials),
  };
}

/** Tuning trials of the configuration that has fewest: the others may still be running. */
function fewestTuned(trials: readonly Trial[]): number {
  const tuning = trials.filter(({ role }) => role === "tune");
  const groups = groupBy(tuning, ({ hyperparameters }) => configurationKey(hyperparameters));
  return groups.size === 0 ? 0 : Math.min(...[...groups.values()].map(({ length }) => length));
}

/** The tuning trials; the reported ones where nothing was tuned (a configuration was given). */
function candidatesOf(trials: readonly Trial[]): readonly Trial[] {
  const tuning = trials.filter(({ role }) => role === "tune");
  return tuning.length > 0 ? tuning : trials;
}

/** The configurations that were tried. */
function configurationsOf(
  trials: readonly Trial[],
  folds: readonly Fold[],
  chance: number,
): Configuration[] {
  const groups = groupBy(candidatesOf(trials), (trial) => configurationKey(trial.hyperparameters));
  return [...groups].map(([key, group]) => {
    const first = at(group, 0);
    const average = (value: (trial: Trial) => number) => mean(group.map(value));
    return {
      key,
      hyperparameters: first.hyperparameters,
      flops: average((trial) => trial.cost.flops),
      status: first.status,
      select: folds.map((fold) => average((trial) => selectingValue(trial, fold))),
      report: folds.map((fold) => average((trial) => reportedValue(trial, fold, chance).value)),
    };
  });
}

/** A trial's oriented selecting value; -∞ unless it finished with a finite one. */
function selectingValue({ status, final }: Trial, { select }: Fold): number {
  return (status === "finished" ? select(final) : null) ?? Number.NEGATIVE_INFINITY;
}

/** A trial's reporting value; chance level when it diverged or was not finite. */
function reportedValue(trial: Trial, fold: Fold, chance: number) {
  const value = trial.status === "diverged" ? null : fold.report(trial.final);
  return value === null ? { value: chance, diverged: true } : { value, diverged: false };
}

/** Statuses that say something about the optimizer; the others are holes in the data. */
const REPORTABLE: ReadonlySet<Status> = new Set<Status>(["finished", "diverged"]);

function reportSeeds(
  file: CellFile,
  rule: { folds: readonly Fold[]; chosen: readonly (Configuration | undefined)[]; chance: number },
): ReportSeed[] {
  const reports = file.trials.filter(
    ({ role, status }) => role === "report" && REPORTABLE.has(status),
  );
  const bySeed = groupBy(reports, ({ seed }) => seed);
  return [...bySeed]
    .sort(([a], [b]) => a - b)
    .flatMap(([seed, trials]) => {
      const parts = rule.folds.map((fold, index) => {
        const wanted = rule.chosen[index]?.key;
        const found = trials.filter((trial) => configurationKey(trial.hyperparameters) === wanted);
        if (found.length > 1) throw duplicated(file, seed);
        const trial = found[0];
        const select = trial && selectingValue(trial, fold);
        return trial && { ...reportedValue(trial, fold, rule.chance), fold, trial, select };
      });
      if (!parts.every((part) => part !== undefined)) return [];
      return [
        {
          seed,
          value: parts.reduce((total, part) => total + part.fold.weight * part.value, 0),
          diverged: parts.some((part) => part.diverged),
          select: parts.map((part) => part.select ?? Number.NEGATIVE_INFINITY),
          report: parts.map((part) => part.value),
          keys: [...new Set(parts.map((part) => part.trial.key))],
        },
      ];
    });
}

function duplicated(file: CellFile, seed: number): RangeError {
  const { task, optimizer, batchSize, datasetSize } = file.cell;
  return new RangeError(
    `Report seed ${seed} occurs twice for one configuration of ${optimizer} on ${task}, batch ` +
      `${batchSize}, dataset ${datasetSize}. A seed counts once: remove one of the two trials.`,
  );
}

function edgesOf(
  orders: readonly number[][],
  configurations: readonly Configuration[],
): GridEdge[] {
  const tried = configurations.map(({ hyperparameters }) => hyperparameters);
  const edges = orders.flatMap((order) =>
    gridEdges(
      order.slice(0, 2).map((index) => at(tried, index)),
      tried,
    ),
  );
  return [...new Map(edges.map((edge) => [`${edge.hyperparameter} ${edge.side}`, edge])).values()];
}

function meanBestOfK(
  orders: readonly number[][],
  configurations: readonly Configuration[],
  folds: readonly Fold[],
): number[] {
  const curves = orders.map((order, fold) =>
    bestOfK(
      order,
      configurations.map(({ report }) => at(report, fold)),
    ),
  );
  return configurations.map((_, k) =>
    curves.reduce((total, curve, fold) => total + at(folds, fold).weight * at(curve, k), 0),
  );
}

function paperStyle(
  trials: readonly Trial[],
  metric: Metric,
  folds: readonly Fold[],
): number | null {
  const values = candidatesOf(trials)
    .filter(({ status }) => status === "finished")
    .flatMap(({ final }) => wholeValue(final, metric, folds) ?? []);
  if (values.length === 0) return null;
  return metric.direction === "higher" ? Math.max(...values) : Math.min(...values);
}

function wholeValue(final: Trial["final"], metric: Metric, folds: readonly Fold[]): number | null {
  const whole = finalValue(final, metric);
  if (whole !== null) return whole;
  const parts = folds.map((fold) => ({ value: fold.report(final), weight: fold.weight }));
  if (parts.some(({ value }) => value === null)) return null;
  return parts.reduce((total, { value, weight }) => total + weight * (value ?? 0), 0);
}
