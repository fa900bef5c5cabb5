/** @file Files that are there whole or not at all, and errors of the disk in plain words. */
import fs from "node:fs";
import path from "node:path";
import { DataError } from "../error.ts";

/**
 * Writes `parts`, one after the other, to a temporary file beside `file`, flushes it to the disk and
 * renames it. On failure nothing is left behind.
 * @throws DataError "disk-full" or "cache-unusable".
 */
export function writeFileWhole(file: string, parts: readonly Uint8Array[]): void {
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    const handle = fs.openSync(temporary, "w");
    try {
      for (const part of parts) writeFully(handle, part);
      fs.fsyncSync(handle);
    } finally {
      fs.closeSync(handle);
    }
    fs.renameSync(temporary, file);
    flushDirectory(path.dirname(file));
  } catch (cause) {
    fs.rmSync(temporary, { force: true });
    throw diskError(cause, file);
  }
}

function writeFully(handle: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) {
    done += fs.writeSync(handle, bytes, done, bytes.length - done);
  }
}

/** Makes a rename survive a power cut, where the system allows flushing a directory. */
function flushDirectory(directory: string): void {
  let handle: number | undefined;
  try {
    handle = fs.openSync(directory, "r");
    fs.fsyncSync(handle);
  } catch {
    // Windows has no such call; the rename itself has happened.
  } finally {
    if (handle !== undefined) fs.closeSync(handle);
  }
}

/** Makes a directory and those above it. @throws DataError "disk-full" or "cache-unusable". */
export function makeDirectory(directory: string): void {
  try {
    fs.mkdirSync(directory, { recursive: true });
  } catch (cause) {
    throw diskError(cause, directory);
  }
}

/** The code of a system error, such as "ENOENT"; undefined for anything else. */
export function systemCode(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : undefined;
}

/** What a failed file operation means for the cache. A DataError is returned as it is. */
export function diskError(cause: unknown, file: string): DataError {
  if (cause instanceof DataError) return cause;
  const code = systemCode(cause);
  if (code === "ENOSPC" || code === "EDQUOT") {
    return new DataError(
      "disk-full",
      `The disk is full: ${file} cannot be written (${code}).`,
      "Free some space, or set CROSSOVER_CACHE to a directory on a larger disk.",
      { cause },
    );
  }
  const reason = code ?? (cause instanceof Error ? cause.message : String(cause));
  return new DataError(
    "cache-unusable",
    `The cache cannot be used: ${file} (${reason}). It must be a directory that you may write to.`,
    "Set CROSSOVER_CACHE to such a directory.",
    { cause },
  );
}
