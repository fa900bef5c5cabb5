/** @file What must hold in the curves of a trial. */
import type { Trial } from "./schema.ts";

/** Of a file that has the right shape. */
export type Problem = readonly [field: string, message: string];

/** Curves have columns of one length, rise in step, and end at what `final` says. */
export function curveFindings({ evaluations, training, cost, final, status }: Trial): Problem[] {
  const problems: Problem[] = [];
  for (const [name, table] of Object.entries({ evaluations, training })) {
    const length = table.step.length;
    for (const [column, values] of Object.entries(table) as [string, unknown[]][]) {
      if (values.length !== length) {
        problems.push([`${name}.${column}`, `${values.length} points, but ${length} steps`]);
      }
    }
    const steps = table.step as readonly number[];
    if (steps.some((step, i) => i > 0 && step <= (steps[i - 1] as number))) {
      problems.push([`${name}.step`, "does not rise"]);
    }
    if ((steps.at(-1) ?? 0) > cost.steps) {
      problems.push([
        `${name}.step`,
        `ends at ${steps.at(-1)}, after the last of ${cost.steps} steps`,
      ]);
    }
  }
  if (status !== "finished") return problems;
  if (evaluations.step.at(-1) !== cost.steps) {
    problems.push([
      "evaluations.step",
      `ends at ${evaluations.step.at(-1)}, not at the last step ${cost.steps}`,
    ]);
  }
  for (const column of [
    "validationLoss",
    "validationAccuracy",
    "testLoss",
    "testAccuracy",
  ] as const) {
    const last = evaluations[column]?.at(-1);
    if (last !== undefined && last !== final[column]) {
      problems.push([`final.${column}`, `${final[column]}, but its curve ends at ${last}`]);
    }
  }
  return problems;
}
