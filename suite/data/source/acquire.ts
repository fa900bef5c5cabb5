/**
 * @file Gets a dataset: from the cache, else from its sources in turn, official address first. What
 * counts is the SHA-256 of the decoded arrays, so it does not matter which source answered.
 */
import fs from "node:fs";
import path from "node:path";
import { DataError } from "../error.ts";
import { type CacheEntry, cacheDirectory, checksumOf, readCached, writeCached } from "./cache.ts";
import { diskError, makeDirectory } from "./files.ts";
import { withLock } from "./lock.ts";
import { type OnProgress, progressMeter } from "./progress.ts";

export interface LoadOptions {
  /** Cache directory; by default {@link cacheDirectory}. */
  readonly cache?: string;
  readonly onProgress?: OnProgress;
}

/** What a source may use while it fetches. */
export interface Fetching {
  /** An empty directory, removed afterwards. */
  readonly directory: string;
  readonly onBytes: (bytes: number, totalBytes?: number) => void;
  readonly onDecoding: () => void;
}

/** One place that has the data. */
export interface Source {
  /** As in "downloading from ...". */
  readonly name: string;
  /** The decoded arrays, in the order of the cache entry. */
  fetch(fetching: Fetching): Promise<Uint8Array[]>;
}

export interface Acquisition {
  /** For messages, such as "MNIST". */
  readonly title: string;
  readonly entry: CacheEntry;
  readonly sources: readonly Source[];
}

/**
 * The dataset's arrays.
 * @throws DataError if no source can provide them, or the cache cannot hold them. Nothing that is
 * cut or wrong stays in the cache.
 */
export async function acquire(
  acquisition: Acquisition,
  { cache, onProgress }: LoadOptions,
): Promise<Uint8Array[]> {
  const directory = cache ?? cacheDirectory();
  const { title, entry } = acquisition;
  const cached = readCached(directory, entry);
  if (cached) return cached;
  makeDirectory(directory);
  const waiting = progressMeter(
    { dataset: title, step: "waiting", source: "another process that is fetching it" },
    onProgress,
  );
  return withLock(
    path.join(directory, entry.name),
    () => waiting(0),
    async () =>
      readCached(directory, entry) ?? (await fetchInto(directory, acquisition, onProgress)),
  );
}

async function fetchInto(
  directory: string,
  acquisition: Acquisition,
  onProgress: OnProgress | undefined,
): Promise<Uint8Array[]> {
  const { title, entry, sources } = acquisition;
  const work = path.join(directory, `${entry.name}.part`);
  const failures: { source: Source; error: DataError }[] = [];
  for (const source of sources) {
    const report = (step: "downloading" | "decoding" | "saving") =>
      progressMeter({ dataset: title, step, source: source.name }, onProgress);
    try {
      emptyDirectory(work);
      report("downloading")(0);
      const arrays = await source.fetch({
        directory: work,
        onBytes: report("downloading"),
        onDecoding: () => report("decoding")(0),
      });
      verify(arrays, entry);
      report("saving")(0);
      writeCached(directory, entry, { arrays, source: source.name });
      return arrays;
    } catch (cause) {
      const error = cause instanceof DataError ? cause : unexpected(cause, source);
      if (error.code === "disk-full" || error.code === "cache-unusable") throw error;
      failures.push({ source, error });
    } finally {
      fs.rmSync(work, { recursive: true, force: true });
    }
  }
  throw nowhere(title, directory, failures);
}

function emptyDirectory(directory: string): void {
  try {
    // A killed process may have left its own.
    fs.rmSync(directory, { recursive: true, force: true });
  } catch (cause) {
    throw diskError(cause, directory);
  }
  makeDirectory(directory);
}

function verify(arrays: readonly Uint8Array[], entry: CacheEntry): void {
  entry.arrays.forEach(({ name, bytes }, i) => {
    const given = arrays[i]?.length ?? 0;
    if (given === bytes) return;
    throw new DataError(
      "corrupt",
      `the array ${name} has ${given} bytes; expected are ${bytes}.`,
      "Take another source.",
    );
  });
  const checksum = checksumOf(arrays);
  if (checksum === entry.checksum) return;
  throw new DataError(
    "corrupt",
    `the data has SHA-256 ${checksum}; expected is ${entry.checksum}.`,
    "Take another source.",
  );
}

function unexpected(cause: unknown, source: Source): DataError {
  const system = cause as NodeJS.ErrnoException;
  if (system.code === "ENOSPC" || system.code === "EDQUOT") {
    return diskError(cause, system.path ?? source.name);
  }
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new DataError("corrupt", `its data cannot be decoded (${reason}).`, "Try again.", {
    cause,
  });
}

function nowhere(
  title: string,
  directory: string,
  failures: readonly { source: Source; error: DataError }[],
): DataError {
  const tried = failures.map(({ source, error }) => `  ${source.name}: ${error.summary}`);
  const code = failures.some(({ error }) => error.code === "corrupt") ? "corrupt" : "unreachable";
  return new DataError(
    code,
    [`${title} is not in the cache (${directory}), and no source provides it:`, ...tried].join(
      "\n",
    ),
    "Check the connection and try again, or copy that directory from a machine that has the data.",
  );
}
