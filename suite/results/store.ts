/** @file Where result files lie, and how they change: as a whole or not at all. */
import { createHash } from "node:crypto";
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { canonicalJson, sortedRecord } from "./canonical.ts";
import {
  type Cell,
  type CellFile,
  cellFileSchema,
  type DeviceClass,
  MAX_FILE_BYTES,
  SCHEMA_VERSION,
  storedFileSchema,
  type Trial,
} from "./schema.ts";
import { StoreError, unwritable } from "./store-error.ts";

/** `<tier>/<task>/<arm>/<optimizer>/b<batch>-n<dataset>.<device class>.json` */
export function cellPath(cell: Cell, arm: string, deviceClass: string): string {
  const name = `b${cell.batchSize}-n${cell.datasetSize}.${deviceClass}.json`;
  return join(cell.tier, cell.task, arm, cell.optimizer, name);
}

/** The file's content, checked against the schema. @throws StoreError naming file and field. */
export function readCellFile(file: string): CellFile {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new StoreError(file, `not a JSON file that can be read (${(error as Error).message}).`);
  }
  const parsed = storedFileSchema.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new StoreError(file, `${issue?.path.join(".") || "the file"}: ${issue?.message}`);
  }
  const { digest: _, ...content } = parsed.data;
  return content;
}

/** SHA-256 of the content's canonical JSON. */
export function digestOf(content: CellFile): string {
  return createHash("sha256")
    .update(canonicalJson(cellFileSchema.parse(content)))
    .digest("hex");
}

/** Every cell file below `root`, sorted by path; `reference` and `speed` hold other things. */
export function listCellFiles(root: string): string[] {
  if (!existsSync(root)) return [];
  return readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".json") && !/^(reference|speed)[\\/]/.test(path))
    .sort()
    .map((path) => join(root, path));
}

/** The cell's file with `trial` in it, replacing a trial of the same key; sorted by role, seed, key. */
export function withTrial(
  file: CellFile | undefined,
  base: Omit<CellFile, "trials">,
  trial: Trial,
): CellFile {
  const others = (file?.trials ?? []).filter(({ key }) => key !== trial.key);
  const trials = [...others, { ...trial, hyperparameters: sortedRecord(trial.hyperparameters) }];
  trials.sort(
    (a, b) => b.role.localeCompare(a.role) || a.seed - b.seed || (a.key < b.key ? -1 : 1),
  );
  return { ...base, trials };
}

/** Adds a trial to its cell's file below `root`. Returns the file's path. */
export function storeTrial(
  root: string,
  place: { readonly cell: Cell; readonly arm: string; readonly device: DeviceClass },
  trial: Trial,
): string {
  const { cell, arm, device } = place;
  const file = join(root, cellPath(cell, arm, device.class));
  const existing = existsSync(file) ? readCellFile(file) : undefined;
  const base = { schemaVersion: SCHEMA_VERSION, cell, arm, device } as const;
  writeCellFile(file, withTrial(existing, base, trial));
  return file;
}

/** Writes the whole file through a temporary one. @throws StoreError when it is over the limit. */
export function writeCellFile(file: string, content: CellFile): void {
  const parsed = cellFileSchema.safeParse(content);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new StoreError(file, `not written: ${issue?.path.join(".")}: ${issue?.message}`);
  }
  const stored = { ...parsed.data, digest: digestOf(content) };
  const text = `${canonicalJson(stored)}\n`;
  if (Buffer.byteLength(text) > MAX_FILE_BYTES) {
    throw new StoreError(
      file,
      `would be ${Buffer.byteLength(text)} bytes; at most ${MAX_FILE_BYTES} are allowed. ` +
        "Record fewer diagnostics or fewer trials in this cell.",
    );
  }
  writeAtomically(file, text);
}

/** Temporary file, fsync, rename: a reader sees the old content or the new, never a part. */
export function writeAtomically(file: string, text: string): void {
  const temporary = `${file}.${process.pid}.tmp`;
  let handle: number | undefined;
  try {
    mkdirSync(dirname(file), { recursive: true });
    handle = openSync(temporary, "w");
    const bytes = Buffer.from(text);
    for (let done = 0; done < bytes.length; ) done += writeSync(handle, bytes, done);
    fsyncSync(handle);
    closeSync(handle);
    handle = undefined;
    renameSync(temporary, file);
  } catch (error) {
    if (handle !== undefined) closeSync(handle);
    rmSync(temporary, { force: true });
    throw unwritable(file, error);
  }
}
