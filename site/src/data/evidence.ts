/** @file Trials as the claims about diagnostics and intervals want them. */
import type { IntervalCell } from "../../../suite/analysis/claims/interval-lengthened.ts";
import type { CriterionCurve } from "../../../suite/analysis/criterion.ts";
import { type Settling, settlingOf } from "../../../suite/analysis/eigenvalues.ts";
import { groupBy } from "../../../suite/analysis/statistics.ts";
import type { CellFile, Trial } from "../../../suite/results/schema.ts";
import { diagnosticSeries, layerEigenvalues } from "../../../suite/studies/diagnostic-series.ts";

/** Table 2's cells: early share and interval, accuracies by seed. */
export function intervalCells(files: readonly CellFile[]): IntervalCell[] {
  const trials = files.flatMap((file) => file.trials);
  const groups = groupBy(
    trials,
    ({ hyperparameters: h }) => `${h.earlyShare} ${h.inverseInterval}`,
  );
  return [...groups.values()].flatMap((group): IntervalCell[] => {
    const [first] = group;
    const values = group.flatMap(({ final }) => final.testAccuracy ?? []);
    if (!first || values.length === 0) return [];
    const { earlyShare, inverseInterval } = first.hyperparameters;
    return [{ percent: 100 * Number(earlyShare), interval: Number(inverseInterval), values }];
  });
}

/** Figure 3's curves, by seed: one per batch size. */
export function criterionCurves(files: readonly CellFile[]): CriterionCurve[][] {
  const curves = files.flatMap(({ cell, trials }) =>
    reports(trials).flatMap((trial) => {
      const [series] = diagnosticSeries(trial, /^criterion$/);
      const points = series?.points.filter(({ y }) => y > 0) ?? [];
      if (points.length === 0) return [];
      const curve: CriterionCurve = {
        batchSize: cell.batchSize,
        stepsPerEpoch: Math.floor(cell.datasetSize / cell.batchSize),
        step: points.map(({ x }) => x),
        criterion: points.map(({ y }) => y),
      };
      return [{ seed: trial.seed, curve }];
    }),
  );
  return [...groupBy(curves, ({ seed }) => seed).values()].map((group) =>
    group.map(({ curve }) => curve),
  );
}

/** Figure 7's settling, by seed. */
export function settlings(files: readonly CellFile[]): Settling[] {
  return files.flatMap(({ trials }) =>
    reports(trials).flatMap((trial) => {
      const layers = layerEigenvalues(trial).map(({ name, points }) => ({
        layer: name,
        top: points.map(({ y }) => y),
      }));
      return layers.length > 1 ? [settlingOf(layers)] : [];
    }),
  );
}

const reports = (trials: readonly Trial[]) => trials.filter(({ role }) => role === "report");
