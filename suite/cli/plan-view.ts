/** @file A plan and its cost as text. */
import type { PlanCost } from "../launch/plan-cost.ts";
import { textTable } from "./table.ts";
import { duration } from "./words.ts";

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
  return (
    `${textTable(["optimizer", "batch", "dataset", "trials", "time"], rows)}\n${more}\n` +
    `${cells.length} cells, ${trials} trials, ${finished} finished. ` +
    `Left: ${timeText(seconds, unmeasured)}; ${(bytes / 1e6).toFixed(1)} MB of results.\n`
  );
}

/** No time is made up for cells without a measurement. */
function timeText(seconds: number, unmeasured: number): string {
  const open = `${unmeasured} cells whose time is not measured (npm run speed -- --trials)`;
  if (unmeasured === 0) return `about ${duration(seconds)}`;
  return seconds === 0 ? open : `about ${duration(seconds)}, and ${open}`;
}
