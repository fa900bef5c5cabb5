/** @file The file of measured steps, `results/speed/steps.<device class>.json`: one for each machine. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { PHASES, type Phase } from "../engine/phase.ts";
import { canonicalJson } from "../results/canonical.ts";
import { writeAtomically } from "../results/store.ts";
import { REFRESHES } from "./step-phases.ts";

const milliseconds = z.number().nonnegative();
/** A difference of two medians: noise may take it below zero. */
const added = z.number();
const blockTime = { medianMs: milliseconds, minimumMs: milliseconds };

const variantSchema = z.strictObject({
  refresh: z.enum([...REFRESHES, "none"]),
  ...blockTime,
  /** Median over rounds of the ratio to SGD in the same round. */
  timesSgd: z.number().positive(),
  /** Of a step, the mean over its interval. */
  flops: z.strictObject(
    Object.fromEntries(PHASES.map((phase) => [phase, z.number().nonnegative()])) as Record<
      Phase,
      z.ZodNumber
    >,
  ),
});

const peerSchema = z.union([
  z.strictObject({ name: z.string(), ...blockTime, ratio: z.number().positive() }),
  z.strictObject({ name: z.string(), error: z.string() }),
]);

const optimizerTimesSchema = z.strictObject({
  model: z.string(),
  batchSize: z.number().int().positive(),
  optimizer: z.string(),
  variants: z.array(variantSchema).min(1),
  phases: z
    .strictObject({
      precondition: added.optional(),
      curvature: added.optional(),
      inverse: added.optional(),
    })
    .optional(),
  peer: peerSchema.optional(),
  /** Median over rounds of the first variant's time over that of the peer's SGD in the same round. */
  timesPeerSgd: z.number().positive().optional(),
  /** Graphs compiled in timed steps, and kernels that had no graph: none in a good step. */
  recompiles: z.number().int().nonnegative(),
  fallbacks: z.array(z.string()),
});

const tableSchema = z.strictObject({
  deviceClass: z.string(),
  processor: z.string(),
  threads: z.number().int().positive(),
  runtime: z.string(),
  measuredAt: z.iso.datetime(),
  commit: z.string(),
  /** Of a product of order 1024, in the same run. */
  gemmGflops: z.number().positive(),
  measurements: z.array(optimizerTimesSchema),
});

/** One method on one model. */
export type OptimizerTimes = Readonly<z.infer<typeof optimizerTimesSchema>>;
export type StepTable = Readonly<z.infer<typeof tableSchema>>;

/**
 * Every table in `folder`, by name.
 * @throws Error naming the file and the field that does not fit.
 */
export function readStepTables(folder: string): StepTable[] {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    return [];
  }
  return names
    .filter((name) => name.startsWith("steps.") && name.endsWith(".json"))
    .sort()
    .map((name) => {
      const file = join(folder, name);
      const parsed = tableSchema.safeParse(JSON.parse(readFileSync(file, "utf8")));
      if (!parsed.success) throw new Error(`${file}: ${z.prettifyError(parsed.error)}`);
      return parsed.data;
    });
}

/** Replaces the machine's table; returns its file. */
export function writeStepTable(table: StepTable, folder: string): string {
  const file = join(folder, `steps.${table.deviceClass}.json`);
  writeAtomically(file, `${canonicalJson(table)}\n`);
  return file;
}
