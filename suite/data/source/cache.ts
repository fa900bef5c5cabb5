/**
 * @file Decoded datasets on disk: `<name>.bin`, the arrays one after the other, and `<name>.json`,
 * which says what they are. The checksum is the SHA-256 of the whole `.bin`, and it is verified on
 * every load. A load is one read of the file; Node has no memory mapping, so processes do not share
 * its pages beyond the system's own file cache.
 */
import { createHash } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { diskError, makeDirectory, systemCode, writeFileWhole } from "./files.ts";

/** `$CROSSOVER_CACHE`, else `crossover` in `$XDG_CACHE_HOME`, else in `~/.cache`. */
export function cacheDirectory(environment: NodeJS.ProcessEnv = process.env): string {
  if (environment.CROSSOVER_CACHE) return path.resolve(environment.CROSSOVER_CACHE);
  const base = environment.XDG_CACHE_HOME || path.join(os.homedir(), ".cache");
  return path.join(base, "crossover");
}

/** What the arrays of a cached dataset are. */
export interface CacheEntry {
  /** File name without ending. */
  readonly name: string;
  /** Names and lengths in bytes, in the order in which they are stored. */
  readonly arrays: readonly { readonly name: string; readonly bytes: number }[];
  /** SHA-256 of all arrays together. */
  readonly checksum: string;
}

interface Sidecar extends CacheEntry {
  readonly format: 1;
  /** Where the arrays came from. */
  readonly source: string;
}

/** SHA-256 of arrays one after the other, as lower-case hexadecimal digits. */
export function checksumOf(arrays: readonly Uint8Array[]): string {
  const hash = createHash("sha256");
  for (const array of arrays) hash.update(array);
  return hash.digest("hex");
}

/**
 * What is cached under `name`, for data whose checksum is not known beforehand; undefined if nothing
 * is. Only the length of the file is checked: it got its name when it was whole.
 */
export function cachedEntry(directory: string, name: string): CacheEntry | undefined {
  const files = filesOf(directory, name);
  try {
    const { format, arrays, checksum } = readSidecar(files.sidecar) ?? {};
    if (format !== 1 || !arrays || !checksum) return undefined;
    const complete = fs.statSync(files.arrays).size === lengthOf(arrays);
    return complete ? { name, arrays, checksum } : undefined;
  } catch (cause) {
    if (systemCode(cause) === "ENOENT") return undefined;
    throw diskError(cause, files.sidecar);
  }
}

/** Path of the file that holds the arrays of `name`. */
export function arraysFile(directory: string, name: string): string {
  return filesOf(directory, name).arrays;
}

/**
 * The arrays, or undefined if they are not there. A file that is cut, altered or of another format
 * is removed, so that it is fetched again.
 * @throws DataError "cache-unusable" if the files are there but cannot be read.
 */
export function readCached(directory: string, entry: CacheEntry): Uint8Array[] | undefined {
  const files = filesOf(directory, entry.name);
  try {
    const sidecar = readSidecar(files.sidecar);
    const bytes = fs.readFileSync(files.arrays);
    const intact =
      sidecar?.format === 1 &&
      sidecar.checksum === entry.checksum &&
      bytes.length === lengthOf(entry.arrays) &&
      checksumOf([bytes]) === entry.checksum;
    if (intact) return cut(bytes, entry);
    removeCached(directory, entry.name);
    return undefined;
  } catch (cause) {
    if (systemCode(cause) === "ENOENT") return undefined;
    throw diskError(cause, files.arrays);
  }
}

/** Writes the arrays, then the file that says what they are: without it they do not count. */
export function writeCached(
  directory: string,
  entry: CacheEntry,
  content: { readonly arrays: readonly Uint8Array[]; readonly source: string },
): void {
  makeDirectory(directory);
  const files = filesOf(directory, entry.name);
  const sidecar: Sidecar = { format: 1, ...entry, source: content.source };
  try {
    writeFileWhole(files.arrays, content.arrays);
    writeFileWhole(files.sidecar, [Buffer.from(`${JSON.stringify(sidecar, null, 2)}\n`)]);
  } catch (cause) {
    removeCached(directory, entry.name);
    throw cause;
  }
}

function removeCached(directory: string, name: string): void {
  const files = filesOf(directory, name);
  try {
    fs.rmSync(files.sidecar, { force: true });
    fs.rmSync(files.arrays, { force: true });
  } catch (cause) {
    throw diskError(cause, files.arrays);
  }
}

function lengthOf(arrays: CacheEntry["arrays"]): number {
  return arrays.reduce((sum, array) => sum + array.bytes, 0);
}

function filesOf(directory: string, name: string) {
  return {
    arrays: path.join(directory, `${name}.bin`),
    sidecar: path.join(directory, `${name}.json`),
  };
}

/** @throws as `readFileSync` does; undefined if it is not JSON. */
function readSidecar(file: string): Partial<Sidecar> | undefined {
  const text = fs.readFileSync(file, "utf8");
  try {
    return JSON.parse(text) as Partial<Sidecar>;
  } catch {
    return undefined;
  }
}

function cut(bytes: Uint8Array, entry: CacheEntry): Uint8Array[] {
  let start = 0;
  return entry.arrays.map((array) => {
    start += array.bytes;
    return bytes.subarray(start - array.bytes, start);
  });
}
