/** @file What the analysis must know of a task. */
import type { TaskFacts } from "../analysis/metric.ts";
import type { Tier } from "../results/schema.ts";
import type { TaskDeclaration } from "./task.ts";
import { tierOf } from "./tasks.ts";

export function factsOf(task: TaskDeclaration, tier: Tier): TaskFacts {
  const { metric, selection, chance, competenceFloor } = tierOf(task, tier);
  return {
    primary: metric,
    selection,
    chance,
    ...(competenceFloor !== undefined && { competenceFloor }),
  };
}
