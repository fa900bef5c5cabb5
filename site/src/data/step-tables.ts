/** @file The measured steps of every optimizer: `results/speed/steps.*.json`. */
import { join } from "node:path";
import { readStepTables, type StepTable } from "../../../suite/launch/step-table.ts";
import { RESULTS_ROOT } from "./results.ts";

let known: readonly StepTable[] | undefined;

/** One for each machine that was measured; the latest first, for older ones are of older code. */
export function stepTables(): readonly StepTable[] {
  known ??= readStepTables(join(RESULTS_ROOT, "speed")).sort((a, b) =>
    b.measuredAt.localeCompare(a.measuredAt),
  );
  return known;
}
