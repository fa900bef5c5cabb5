/** @file A plan and its cost as text. */
import type { PlanCost } from "../launch/plan-cost.ts";
import { type CellPlan, EXPLORE_ARM } from "../protocol/plan.ts";
import { textTable } from "./table.ts";
import { duration } from "./words.ts";

export const EXPLORE_NOTE = "Arm explore: trials to look at; no board reads them.\n";

/** Plans longer than this are summed up by optimizer. */
const MOST_ROWS = 60;

export function planText({
  cells,
  trials,
  finished,
  seconds,
  unmeasured,
  bytes,
}: PlanCost): string {
  const rows = cells
    .slice(0, MOST_ROWS)
    .map(({ plan, trials: count, finished: done, seconds: time }) => {
      const { cell, invalid } = plan;
      const state = invalid ? `invalid: ${invalid}` : `${done}/${count}`;
      const cost = time === undefined ? "not measured" : duration(time);
      return [
        cell.optimizer,
        String(cell.batchSize),
        String(cell.datasetSize),
        state,
        invalid ? "" : cost,
      ];
    });
  const more = cells.length > MOST_ROWS ? `… and ${cells.length - MOST_ROWS} more cells\n` : "";
  const note = cells.some(({ plan }) => plan.arm === EXPLORE_ARM) ? EXPLORE_NOTE : "";
  return (
    `${textTable(["optimizer", "batch", "dataset", "trials", "time"], rows)}\n${more}\n${note}` +
    `${cells.length} cells, ${trials} trials, ${finished} finished. ` +
    `Left: ${timeText(seconds, unmeasured)}; ${(bytes / 1e6).toFixed(1)} MB of results.\n`
  );
}

/** Cells that cannot be run, by reason; empty where all can. */
export function leftOutText(plans: readonly CellPlan[]): string {
  const reasons = new Map<string, number>();
  for (const { invalid } of plans) {
    if (invalid) reasons.set(invalid, (reasons.get(invalid) ?? 0) + 1);
  }
  const lines = [...reasons].map(
    ([reason, count]) => `Left out, ${count} ${count === 1 ? "cell" : "cells"}: ${reason}.\n`,
  );
  return lines.join("");
}

/** No time is made up for cells without a measurement. */
function timeText(seconds: number, unmeasured: number): string {
  const open = `${unmeasured} cells whose time is not measured (npm run speed -- --trials)`;
  if (unmeasured === 0) return `about ${duration(seconds)}`;
  return seconds === 0 ? open : `about ${duration(seconds)}, and ${open}`;
}
