/** @file Figures that are drawn from scores: one line per optimizer along an axis. */
import { scoreInterval } from "../analysis/intervals.ts";
import { METRICS, type MetricId, primaryMetric } from "../analysis/metric.ts";
import { type MeasuredCell, scoreCells } from "../analysis/score-cells.ts";
import type { CellFile } from "../results/schema.ts";
import type { FigurePoint, FigureSeries } from "./figure.ts";
import type { FigureContext } from "./study.ts";

/** One series per optimizer that has a scored cell, its points ascending in x. */
export function scoreSeries(
  files: readonly CellFile[],
  context: FigureContext & { readonly arm?: string },
  options: { readonly metric?: MetricId; readonly x: (cell: MeasuredCell) => number },
): FigureSeries[] {
  const metric = options.metric ? METRICS[options.metric] : primaryMetric(context.facts);
  const cells = scoreCells(files, { ...context, metric: metric.id });
  const names = [...new Set(cells.map(({ cell }) => cell.optimizer))];
  const factor = metric.quantity === "accuracy" ? 100 : 1;
  return names.flatMap((name) => {
    const points = cells
      .filter(({ cell, state }) => cell.optimizer === name && state === "scored")
      .map((cell): FigurePoint => {
        const interval = scoreInterval(
          cell.seeds.map(({ value }) => value),
          [],
          metric.quantity,
        );
        return {
          x: options.x(cell),
          y: factor * cell.score,
          ...(interval && { low: factor * interval.low, high: factor * interval.high }),
        };
      })
      .sort((a, b) => a.x - b.x);
    return points.length > 0 ? [{ name, points }] : [];
  });
}
