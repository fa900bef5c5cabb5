/** @file A large download into a file, resumed by byte ranges where the connection was cut. */
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { DataError } from "../error.ts";
import { diskError } from "./files.ts";
import { openDownload, type Persistence } from "./http.ts";

export interface ResumableDownload {
  readonly bytes: number;
  /** SHA-256. */
  readonly checksum: string;
  readonly patience: Persistence;
  readonly onBytes: (bytes: number, totalBytes: number) => void;
}

/** This many attempts in a row without one new byte end it. */
const FRUITLESS_ATTEMPTS = 4;

/**
 * Fetches `url` into `file`. What has arrived stands in `file.part`, from where a later call, or a
 * later process, goes on. The file gets its name only when it is whole and its checksum is right.
 * @throws DataError "unreachable" or "too-slow" (`file.part` stays), "corrupt" (it is removed),
 * "disk-full" or "cache-unusable".
 */
export async function downloadToFile(
  url: string,
  file: string,
  download: ResumableDownload,
): Promise<void> {
  const part = `${file}.part`;
  // Bytes left from an earlier time may be from an earlier version of the file: then once more.
  const resumed = sizeOf(part) > 0;
  await fetchAll(url, part, download);
  let checksum = await checksumOfFile(part);
  if (checksum !== download.checksum && resumed) {
    fs.rmSync(part);
    await fetchAll(url, part, download);
    checksum = await checksumOfFile(part);
  }
  if (checksum !== download.checksum) {
    fs.rmSync(part);
    throw new DataError(
      "corrupt",
      `${url} has SHA-256 ${checksum}; expected is ${download.checksum}.`,
      `Try again. If it happens again, the hub has a new version: remove ${path.dirname(file)}, which belongs to the old one.`,
    );
  }
  fs.renameSync(part, file);
}

async function fetchAll(url: string, part: string, download: ResumableDownload): Promise<void> {
  for (let fruitless = 0; ; ) {
    const before = sizeOf(part);
    try {
      await fetchRest(url, part, download);
      return;
    } catch (cause) {
      const error = cause instanceof DataError ? cause : diskError(cause, part);
      if (error.code !== "unreachable" && error.code !== "too-slow") throw error;
      fruitless = sizeOf(part) > before ? 0 : fruitless + 1;
      if (fruitless === FRUITLESS_ATTEMPTS) throw error;
      await sleep(download.patience.retryMs * 2 ** fruitless);
    }
  }
}

async function fetchRest(
  url: string,
  part: string,
  { bytes: totalBytes, patience, onBytes }: ResumableDownload,
): Promise<void> {
  if (sizeOf(part) > totalBytes) fs.rmSync(part);
  if (sizeOf(part) === totalBytes) return;
  const { from, chunks } = await openDownload(url, patience, sizeOf(part));
  const handle = await fs.promises.open(part, from > 0 ? "a" : "w");
  try {
    let bytes = from;
    for await (const chunk of chunks) {
      await handle.appendFile(chunk);
      bytes += chunk.length;
      onBytes(bytes, totalBytes);
    }
    await handle.sync();
    if (bytes >= totalBytes) return;
    throw new DataError(
      "unreachable",
      `${url} ended after ${bytes} of ${totalBytes} bytes.`,
      "Try again.",
    );
  } finally {
    await handle.close();
  }
}

function sizeOf(file: string): number {
  return fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

async function checksumOfFile(file: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of fs.createReadStream(file, { highWaterMark: 2 ** 20 }))
    hash.update(chunk);
  return hash.digest("hex");
}
