/** @file Scored cells as the site sends them: JSON has no infinity, so null stands for -∞ and NaN. */
import type { MeasuredCell } from "../../../suite/analysis/score-cells.ts";

/** What a browser needs of the cells to answer a question. */
export function slimCells(cells: readonly MeasuredCell[]): unknown[] {
  return cells.map(
    ({
      cell,
      deviceClass,
      state,
      score,
      seeds,
      diverged,
      configurations,
      chosenKeys,
      tuneSeeds,
      foldWeights,
      foldScores,
      cost,
      trials,
    }) => ({
      cell,
      deviceClass,
      state,
      score,
      diverged,
      chosenKeys,
      tuneSeeds,
      foldWeights,
      foldScores,
      cost,
      trials,
      seeds: seeds.map(({ seed, value, diverged: lost, select, report }) => ({
        seed,
        value,
        diverged: lost,
        select,
        report,
      })),
      configurations: configurations.map(({ key, flops, status, select, report }) => ({
        key,
        flops,
        status,
        select,
        report,
      })),
    }),
  );
}

/** The cells again, as the analysis wants them. */
export function reviveCells(json: string): MeasuredCell[] {
  return JSON.parse(json, (key, value) => {
    if (key === "select")
      return (value as (number | null)[]).map((one) => one ?? Number.NEGATIVE_INFINITY);
    if (key === "score") return value ?? Number.NaN;
    return value;
  }) as MeasuredCell[];
}
