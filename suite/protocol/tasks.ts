/** @file The tasks that are there: one folder each below `tasks/`, found by looking. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Tier } from "../results/schema.ts";
import { UsageError, unknownName } from "./error.ts";
import { isTaskDeclaration, type TaskDeclaration, type TierProtocol } from "./task.ts";

export const TASKS = fileURLToPath(new URL("../../tasks/", import.meta.url));

/** Every task of the folder, in the order that they declare. */
export async function loadTasks(folder = TASKS): Promise<TaskDeclaration[]> {
  const names = readdirSync(folder).filter((name) => existsSync(join(folder, name, "index.ts")));
  const tasks = await Promise.all(names.map((name) => loadFrom(join(folder, name, "index.ts"))));
  return tasks.sort((a, b) => a.order - b.order);
}

async function loadFrom(file: string): Promise<TaskDeclaration> {
  const exported: unknown[] = Object.values(await import(pathToFileURL(file).href));
  const task = exported.find(isTaskDeclaration);
  if (!task) {
    throw new UsageError(`${file} exports no task.`, "Export the result of defineTask() from it.");
  }
  return task;
}

/** @throws UsageError for an unknown name. */
export async function loadTask(id: string): Promise<TaskDeclaration> {
  const tasks = await loadTasks();
  const task = tasks.find((one) => one.id === id);
  if (!task)
    throw unknownName(
      "task",
      id,
      tasks.map((one) => one.id),
    );
  return task;
}

/** @throws UsageError when the task has no such tier. */
export function tierOf(task: TaskDeclaration, tier: Tier): TierProtocol {
  const protocol = task.tiers[tier];
  if (!protocol) {
    throw new UsageError(
      `Task ${task.id} has no tier "${tier}".`,
      `It has: ${Object.keys(task.tiers).join(", ")}.`,
    );
  }
  return protocol;
}
