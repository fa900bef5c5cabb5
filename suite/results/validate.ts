/** @file What must hold in a result file beyond its shape: every rule names file, field, value. */
import { basename, sep } from "node:path";
import type { z } from "zod";
import { trialKey } from "./key.ts";
import {
  BOARD_ARM,
  type CellFile,
  GRID_SEEDS,
  MAX_FILE_BYTES,
  storedFileSchema,
  type Trial,
  TUNING_SEED,
} from "./schema.ts";
import { cellPath, digestOf } from "./store.ts";
import { curveFindings, type Problem } from "./validate-curves.ts";

/** Deeper nesting than any result has. */
const MAX_DEPTH = 12;

export interface Finding {
  readonly file: string;
  /** Path of the field, e.g. `trials.0.final.testAccuracy`. */
  readonly field: string;
  readonly message: string;
}

/** What a validator must know of tasks and optimizers, without importing them. */
export interface Knowledge {
  /** Undefined when the task or its tier is unknown. */
  readonly task: (task: string, tier: string) => KnownTask | undefined;
  readonly optimizer: (optimizer: string) => KnownOptimizer | undefined;
}

export interface KnownTask {
  readonly version: number;
  readonly batchSizes: readonly number[];
  readonly datasetSizes: readonly number[];
  readonly checksums: readonly string[];
  /** What the task fixes for every method that has it. */
  readonly fixed: Trial["hyperparameters"];
  /** Hyperparameters of the task's own, with their schemas. */
  readonly hyperparameters?: Readonly<Record<string, z.ZodType>>;
  readonly updates: (batchSize: number, datasetSize: number) => number;
  readonly invalidReason: (batchSize: number, datasetSize: number) => string | undefined;
}

export interface KnownOptimizer {
  readonly version: number;
  /** The first thing wrong with a complete configuration, or undefined. */
  readonly problem: (
    hyperparameters: Trial["hyperparameters"],
    task: KnownTask,
  ) => string | undefined;
}

/** Everything that is wrong with a file's text; empty when it may stand. */
export function validateText(
  file: string,
  text: string,
  knowledge: Knowledge,
  path?: string,
): Finding[] {
  const finding = (field: string, message: string): Finding => ({ file, field, message });
  if (Buffer.byteLength(text) > MAX_FILE_BYTES) {
    return [finding("", `${Buffer.byteLength(text)} bytes; at most ${MAX_FILE_BYTES} are allowed`)];
  }
  if (nesting(text) > MAX_DEPTH) return [finding("", `nested deeper than ${MAX_DEPTH} levels`)];
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    return [finding("", `not JSON: ${(error as Error).message}`)];
  }
  const parsed = storedFileSchema.safeParse(json);
  if (!parsed.success) {
    return parsed.error.issues.map((issue) =>
      finding(
        issue.path.join("."),
        `${issue.message}, given ${shortly(valueAt(json, issue.path))}`,
      ),
    );
  }
  const { digest, ...content } = parsed.data;
  const actual = digestOf(content);
  return [
    ...(path === undefined ? [] : placeFindings(content, path)),
    ...cellFindings(content, knowledge),
    ...(digest === actual
      ? []
      : [["digest", `${digest}, but the content hashes to ${actual}`] as const]),
  ].map(([field, message]) => finding(field, message));
}

/** The path says what the content says. */
function placeFindings({ cell, arm, device }: CellFile, path: string): Problem[] {
  const expected = cellPath(cell, arm, device.class);
  if (path.split(sep).join("/") === expected.split(sep).join("/")) return [];
  return [["cell", `the file lies at ${path}, but its content belongs at ${expected}`]];
}

function cellFindings(file: CellFile, knowledge: Knowledge): Problem[] {
  const { cell, trials } = file;
  const task = knowledge.task(cell.task, cell.tier);
  const optimizer = knowledge.optimizer(cell.optimizer);
  if (!task) return [["cell.task", `unknown task "${cell.task}" at tier "${cell.tier}"`]];
  if (!optimizer) return [["cell.optimizer", `unknown optimizer "${cell.optimizer}"`]];
  const invalid = task.invalidReason(cell.batchSize, cell.datasetSize);
  return [
    ...(invalid ? [["cell.batchSize", `${cell.batchSize}: ${invalid}`] as const] : []),
    ...boardFindings(file, task),
    ...seedFindings(file),
    ...trials.flatMap((trial, i) =>
      trialFindings(file, trial, task, optimizer).map(
        ([field, message]) => [`trials.${i}.${field}`, message] as const,
      ),
    ),
  ];
}

/** Boards have a frozen grid, its task's protocol, and methods as published; other arms choose their own. */
function boardFindings({ cell, arm, trials }: CellFile, task: KnownTask): Problem[] {
  if (arm !== BOARD_ARM || cell.tier === "smoke") return [];
  const axes = { batchSize: task.batchSizes, datasetSize: task.datasetSizes };
  const sizes = (["batchSize", "datasetSize"] as const)
    .filter((name) => !axes[name].includes(cell[name]))
    .map((name): Problem => {
      const grid = axes[name].join(", ");
      return [`cell.${name}`, `${cell[name]} is not on the grid of ${cell.task}: ${grid}`];
    });
  const settings = trials.flatMap(({ hyperparameters }, i) =>
    Object.entries(hyperparameters).flatMap(([name, value]): Problem[] => {
      const field = `trials.${i}.hyperparameters.${name}`;
      const fixed = task.fixed[name];
      if (name === "variant" && value === "asdl") {
        return [[field, "asdl, which belongs to the arm explore"]];
      }
      if (fixed === undefined || fixed === value) return [];
      return [[field, `${value}, but ${cell.task} fixes ${fixed}: it belongs to the arm explore`]];
    }),
  );
  return [...sizes, ...settings];
}

/** Report seeds of a configuration are 1, 2, 3 … without gaps: nobody picks cherries. */
function seedFindings({ arm, trials }: CellFile): Problem[] {
  const problems: Problem[] = [];
  const tuning = arm === BOARD_ARM ? [TUNING_SEED] : GRID_SEEDS;
  const byConfiguration = new Map<string, Trial[]>();
  for (const trial of trials) {
    const name = `${trial.role} ${JSON.stringify(Object.entries(trial.hyperparameters).sort())}`;
    byConfiguration.set(name, [...(byConfiguration.get(name) ?? []), trial]);
  }
  for (const group of byConfiguration.values()) {
    const seeds = group.map(({ seed }) => seed).sort((a, b) => a - b);
    const repeated = seeds.find((seed, i) => seeds.indexOf(seed) !== i);
    if (repeated !== undefined) problems.push(["trials", `seed ${repeated} occurs twice`]);
    const gap = seeds.findIndex((seed, i) => seed !== i + 1);
    if (group[0]?.role === "report" && repeated === undefined && gap >= 0) {
      problems.push([
        "trials",
        `report seeds ${seeds.join(", ")}: they must be 1, 2, 3 … without gaps`,
      ]);
    }
    if (group[0]?.role === "tune" && !seeds.every((seed) => tuning.includes(seed))) {
      problems.push(["trials", `tuning uses seed ${tuning.join(", ")}, given ${seeds.join(", ")}`]);
    }
  }
  return problems;
}

function trialFindings(
  { cell, device }: CellFile,
  trial: Trial,
  task: KnownTask,
  optimizer: KnownOptimizer,
): Problem[] {
  const problems: Problem[] = [];
  const expect = (holds: boolean, field: string, message: string) => {
    if (!holds) problems.push([field, message]);
  };
  const { versions, cost, provenance, status } = trial;
  expect(
    versions.task === task.version,
    "versions.task",
    `${versions.task}, but the task is at ${task.version}`,
  );
  expect(
    versions.optimizer === optimizer.version,
    "versions.optimizer",
    `${versions.optimizer}, but the optimizer is at ${optimizer.version}`,
  );
  const wrong = optimizer.problem(trial.hyperparameters, task);
  if (wrong) problems.push(["hyperparameters", wrong]);
  const key = trialKey({
    cell,
    taskVersion: versions.task,
    optimizerVersion: versions.optimizer,
    hyperparameters: trial.hyperparameters,
    seed: trial.seed,
    deviceClass: device.class,
  });
  expect(trial.key === key, "key", `${trial.key}, but the content hashes to ${key}`);
  const { checksum } = provenance.dataset;
  expect(
    task.checksums.includes(checksum),
    "provenance.dataset.checksum",
    `${checksum} is not this task's dataset`,
  );
  const steps = task.updates(cell.batchSize, cell.datasetSize);
  expect(
    status !== "finished" || cost.steps === steps,
    "cost.steps",
    `${cost.steps}, but the budget makes ${steps}`,
  );
  expect(cost.steps <= steps, "cost.steps", `${cost.steps}, more than the budget's ${steps}`);
  expect(
    cost.samples === cost.steps * cell.batchSize,
    "cost.samples",
    `${cost.samples}, not steps × batch size`,
  );
  expect(
    (status === "finished") === (trial.reason === undefined),
    "reason",
    "given exactly when not finished",
  );
  return [...problems, ...curveFindings(trial)];
}

/** Brackets open at once, outside strings: cheap, before anything is parsed. */
function nesting(text: string): number {
  let depth = 0;
  let deepest = 0;
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const character = text[i];
    if (quoted) {
      if (character === "\\") i++;
      else if (character === '"') quoted = false;
    } else if (character === '"') quoted = true;
    else if (character === "{" || character === "[") deepest = Math.max(deepest, ++depth);
    else if (character === "}" || character === "]") depth--;
  }
  return deepest;
}

function valueAt(json: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (value as Record<PropertyKey, unknown> | undefined | null)?.[key],
    json,
  );
}

function shortly(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

/** One line per finding. */
export function findingText({ file, field, message }: Finding): string {
  return `${file === "" ? "" : `${basename(file)}: `}${field === "" ? "" : `${field}: `}${message}`;
}
