/** @file Results that jobs brought back, joined with those that are there. */
import { existsSync, lstatSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { tryLock } from "./lock.ts";
import { type CellFile, storedFileSchema } from "./schema.ts";
import { listCellFiles, readCellFile, withTrial, writeCellFile } from "./store.ts";
import { type Finding, type Knowledge, validateText } from "./validate.ts";

export interface Collected {
  readonly files: number;
  readonly newTrials: number;
  /** Files left out, with the reason. */
  readonly refused: readonly Finding[];
}

/**
 * Merges every valid file below `from` into `root`, one cell at a time and each as a whole: killed at
 * any moment, it can be run again. A trial that is there already stays as it is.
 */
export function collect(from: string, root: string, knowledge: Knowledge): Collected {
  const refused: Finding[] = [];
  let files = 0;
  let newTrials = 0;
  for (const source of listCellFiles(from)) {
    const path = relative(from, source);
    const findings = lstatSync(source).isFile()
      ? validateText(source, readFileSync(source, "utf8"), knowledge, path)
      : [{ file: source, field: "", message: "not a plain file" }];
    if (findings.length > 0) {
      refused.push(...findings);
      continue;
    }
    const { digest: _, ...content } = storedFileSchema.parse(
      JSON.parse(readFileSync(source, "utf8")),
    );
    newTrials += merge(join(root, path), content);
    files++;
  }
  return { files, newTrials, refused };
}

/** Number of trials that were not there before. */
function merge(file: string, incoming: CellFile): number {
  const lock = tryLock(file);
  if ("heldBy" in lock)
    throw new Error(`${file}: ${lock.heldBy} is at this cell. Collect again later.`);
  try {
    const existing = existsSync(file) ? readCellFile(file) : undefined;
    const known = new Set(existing?.trials.map(({ key }) => key));
    const fresh = incoming.trials.filter(({ key }) => !known.has(key));
    if (fresh.length === 0) return 0;
    const { trials: _, ...base } = incoming;
    const merged = fresh.reduce<CellFile | undefined>(
      (cell, trial) => withTrial(cell, base, trial),
      existing,
    );
    writeCellFile(file, merged as CellFile);
    return fresh.length;
  } finally {
    lock.release();
  }
}
