/** @file Names of scaffolded optimizers and tasks: on the command line, in code, for people. */
import { UsageError } from "../protocol/error.ts";

/** @throws UsageError unless it is a slug: a file, a folder and an id are named after it. */
export function requireName(name: string, kind: "optimizer" | "task"): void {
  if (/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name)) return;
  throw new UsageError(
    `"${name}" cannot be ${kind === "task" ? "a task" : "an optimizer"}'s name.`,
    `Use lower-case letters, digits and single hyphens, a letter first: my-${kind === "task" ? "task" : "method"}.`,
  );
}

/** `my-method` → `myMethod`; names that JavaScript reserves get the kind as an ending. */
export function exportName(name: string, kind: "Optimizer" | "Task"): string {
  const camel = name.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
  try {
    new Function(`"use strict"; const ${camel} = 0;`);
    return camel;
  } catch {
    return `${camel}${kind}`;
  }
}

/** `my-method` → `My Method`. */
export const titleOf = (name: string): string =>
  name.replace(
    /(^|-)([a-z0-9])/g,
    (_, gap: string, letter: string) => (gap ? " " : "") + letter.toUpperCase(),
  );
