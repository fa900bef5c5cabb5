/** @file Measured seconds per step and per evaluation, by machine: what estimates are made from. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { canonicalJson } from "../results/canonical.ts";
import { TIERS } from "../results/schema.ts";
import { writeAtomically } from "../results/store.ts";

const FOLDER = fileURLToPath(new URL("../../results/speed", import.meta.url));

const entrySchema = z.strictObject({
  task: z.string(),
  tier: z.enum(TIERS),
  optimizer: z.string(),
  batchSize: z.number().int().positive(),
  /** Mean over warm steps, whole intervals of the method, defaults, one process alone. */
  stepSeconds: z.number().positive(),
  fastestStepSeconds: z.number().positive(),
  /** One evaluation as in the middle of training; the last one also sees the whole training set. */
  evaluationSeconds: z.number().nonnegative(),
  finalSeconds: z.number().nonnegative(),
  compileSeconds: z.number().nonnegative(),
  /** Share of a step spent waiting for its batch. */
  dataShare: z.number().min(0).max(1).optional(),
});

const tableSchema = z.strictObject({
  deviceClass: z.string(),
  measuredAt: z.iso.datetime(),
  commit: z.string(),
  entries: z.array(entrySchema),
});

export type StepTime = z.infer<typeof entrySchema>;
export type StepTimes = z.infer<typeof tableSchema>;

/** Every committed table of step times. */
export function readStepTimes(folder = FOLDER): StepTimes[] {
  let names: string[];
  try {
    names = readdirSync(folder).filter((name) => name.startsWith("trials."));
  } catch {
    return [];
  }
  return names.map((name) =>
    tableSchema.parse(JSON.parse(readFileSync(join(folder, name), "utf8"))),
  );
}

/** Replaces the entries of one task and tier in the machine's table. */
export function writeStepTimes(table: StepTimes, folder = FOLDER): string {
  const known = readStepTimes(folder).find((one) => one.deviceClass === table.deviceClass);
  const measured = new Set(table.entries.map(({ task, tier }) => `${task} ${tier}`));
  const kept = (known?.entries ?? []).filter(({ task, tier }) => !measured.has(`${task} ${tier}`));
  const file = join(folder, `trials.${table.deviceClass}.json`);
  writeAtomically(file, `${canonicalJson({ ...table, entries: [...kept, ...table.entries] })}\n`);
  return file;
}
