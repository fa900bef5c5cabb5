/** @file Trials as the claims about diagnostics want them. */
import type { CriterionCurve } from "../analysis/criterion.ts";
import { type Settling, settlingOf } from "../analysis/eigenvalues.ts";
import { groupBy } from "../analysis/statistics.ts";
import type { CellFile, Trial } from "../results/schema.ts";
import { diagnosticSeries, layerEigenvalues } from "./diagnostic-series.ts";

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
