/**
 * @file Large corpora: parquet files ("shards") on the Hugging Face hub, fetched one by one as they
 * are read, resumed where a connection was cut, checked by SHA-256, and kept within a bound: the
 * files that were read longest ago make room.
 */
import fs from "node:fs";
import path from "node:path";
import { DataError } from "../error.ts";
import { diskError, makeDirectory, systemCode, writeFileWhole } from "./files.ts";
import { downloadBytes, type Persistence } from "./http.ts";
import { type HubLocation, hubFile, hubListing } from "./hub.ts";
import { withLock } from "./lock.ts";
import { type OnProgress, progressMeter } from "./progress.ts";
import { downloadToFile } from "./resume.ts";

/** A corpus on the hub: the parquet files of a folder, in the order of their names. */
export interface Corpus extends HubLocation {
  /** For file names, such as "bookcorpus". */
  readonly id: string;
  /** For messages and results, such as "BookCorpus". */
  readonly title: string;
  readonly folder: string;
  /** The column that holds the text. */
  readonly column: string;
}

export interface Shard {
  /** Path in the repository. */
  readonly path: string;
  readonly bytes: number;
  /** SHA-256 of the parquet file. */
  readonly checksum: string;
}

/** Where shards come from and where they go. */
export interface ShardStore {
  readonly corpus: Corpus;
  readonly endpoint: string;
  /** Directory of this corpus in the cache. */
  readonly directory: string;
  /** Most bytes of parquet files to keep. */
  readonly maxBytes: number;
  readonly patience: Persistence;
  readonly onProgress: OnProgress | undefined;
}

/**
 * The shards of a corpus: as the cache remembers them, else as the hub lists them.
 * @throws DataError if neither can say.
 */
export async function listShards(store: ShardStore): Promise<readonly Shard[]> {
  const file = path.join(store.directory, "shards.json");
  const known = readListing(file);
  if (known) return known;
  const url = hubListing(store.endpoint, store.corpus, store.corpus.folder);
  const bytes = await downloadBytes(url, store.patience, () => {});
  const shards = parseListing(bytes, url);
  makeDirectory(store.directory);
  writeFileWhole(file, [Buffer.from(`${JSON.stringify(shards, null, 2)}\n`)]);
  return shards;
}

function readListing(file: string): readonly Shard[] | undefined {
  try {
    return JSON.parse(fs.readFileSync(file, "utf8")) as readonly Shard[];
  } catch (cause) {
    if (systemCode(cause) === "ENOENT" || cause instanceof SyntaxError) return undefined;
    throw diskError(cause, file);
  }
}

interface ListedFile {
  readonly path: string;
  readonly size: number;
  readonly lfs?: { readonly oid: string; readonly size: number };
}

function parseListing(bytes: Uint8Array, url: string): readonly Shard[] {
  const unexpected = () =>
    new DataError(
      "corrupt",
      `${url} does not list parquet files with their SHA-256.`,
      "Try again.",
    );
  try {
    const files = JSON.parse(Buffer.from(bytes).toString("utf8")) as readonly ListedFile[];
    const shards = files
      .filter(({ path: name }) => name.endsWith(".parquet"))
      .map(({ path: name, lfs }) => {
        if (!lfs || !/^[0-9a-f]{64}$/.test(lfs.oid)) throw unexpected();
        return { path: name, bytes: lfs.size, checksum: lfs.oid };
      });
    if (shards.length === 0) throw unexpected();
    return shards.sort((a, b) => (a.path < b.path ? -1 : 1));
  } catch (cause) {
    throw cause instanceof DataError ? cause : unexpected();
  }
}

/**
 * The path of a shard that is whole and checked, fetched if need be.
 * @throws DataError, leaving what has arrived to go on from, unless it was wrong.
 */
export async function fetchShard(store: ShardStore, shard: Shard): Promise<string> {
  const file = path.join(store.directory, path.posix.basename(shard.path));
  const { title } = store.corpus;
  const waiting = progressMeter(
    { dataset: title, step: "waiting", source: "another process that is fetching it" },
    store.onProgress,
  );
  makeDirectory(store.directory);
  return withLock(
    file,
    () => waiting(0),
    async () => {
      if (isWhole(file, shard)) return touched(file);
      makeRoom(store, shard);
      const source = `${store.endpoint} (${path.posix.basename(shard.path)})`;
      await downloadToFile(hubFile(store.endpoint, store.corpus, shard.path), file, {
        bytes: shard.bytes,
        checksum: shard.checksum,
        patience: store.patience,
        onBytes: progressMeter({ dataset: title, step: "downloading", source }, store.onProgress),
      });
      return file;
    },
  );
}

/** It was checked when it was renamed to this name; a file of another length is none of ours. */
function isWhole(file: string, shard: Shard): boolean {
  return fs.statSync(file, { throwIfNoEntry: false })?.size === shard.bytes;
}

function touched(file: string): string {
  const now = new Date();
  fs.utimesSync(file, now, now);
  return file;
}

/** Removes the parquet files that were used longest ago until `shard` fits within the bound. */
function makeRoom(store: ShardStore, shard: Shard): void {
  if (shard.bytes > store.maxBytes) {
    throw new DataError(
      "bad-argument",
      `A file of ${store.corpus.title} has ${shard.bytes} bytes, more than the cache may hold (${store.maxBytes}).`,
      `Allow at least ${shard.bytes} bytes.`,
    );
  }
  const kept = fs
    .readdirSync(store.directory)
    .filter((name) => name.endsWith(".parquet"))
    .map((name) => path.join(store.directory, name))
    .map((file) => ({ file, ...usage(file) }))
    .sort((a, b) => a.usedAt - b.usedAt);
  let total = kept.reduce((sum, { bytes }) => sum + bytes, 0);
  for (const { file, bytes } of kept) {
    if (total + shard.bytes <= store.maxBytes) return;
    // A process that has it open reads on; on Windows it cannot be removed, and stays.
    fs.rmSync(file, { force: true });
    total -= bytes;
  }
}

function usage(file: string): { bytes: number; usedAt: number } {
  const status = fs.statSync(file, { throwIfNoEntry: false });
  return { bytes: status?.size ?? 0, usedAt: status?.mtimeMs ?? 0 };
}
