/** @file For tests: a small corpus, and a hub on this machine that holds it. */
import { createHash } from "node:crypto";
import { parquetWriteBuffer } from "hyparquet-writer";
import type { Corpus } from "../source/shards.ts";
import { type Handler, type Loopback, loopback, serveFiles } from "./loopback.ts";

/** So short that a test need not wait. */
export const QUICK = { answerMs: 300, windowMs: 300, windowBytes: 1, retryMs: 5 };

const ROWS = 40;

/** The texts of a shard; each has its own words. */
export function madeTexts(shard: number): string[] {
  return Array.from(
    { length: ROWS },
    (_, row) =>
      `shard ${shard} row ${row}: ${"the quick brown fox ".repeat(1 + (row % 4))}naïve 😀.`,
  );
}

/** Three parquet files of several row groups. */
export const shardFiles: readonly Uint8Array[] = [0, 1, 2].map((shard) => {
  const columnData = [{ name: "text", data: madeTexts(shard), type: "STRING" as const }];
  return new Uint8Array(parquetWriteBuffer({ columnData, rowGroupSize: 16 }));
});

export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** What answers for a shard instead, by how often it was asked for before. */
export type Special = Readonly<
  Record<number, (file: Uint8Array, request: number) => Handler | undefined>
>;

/** A hub that lists and serves the shards as those of `corpus`. */
export async function madeHub(corpus: Corpus, special: Special = {}): Promise<Loopback> {
  const { repository, revision, folder } = corpus;
  const names = shardFiles.map((_, i) => `${folder}/000${i}.parquet`);
  const listing = names.map((path, i) => {
    const bytes = shardFiles[i] as Uint8Array;
    const size = bytes.length;
    return { type: "file", path, size, lfs: { oid: sha256(bytes), size } };
  });
  const others = [{ type: "file", path: "README.md", size: 1 }];
  const root = `/datasets/${repository}/resolve/${revision}`;
  const files = new Map<string, Uint8Array>([
    [
      `/api/datasets/${repository}/tree/${revision}/${folder}`,
      Buffer.from(JSON.stringify([...listing, ...others])),
    ],
    ...names.map((name, i) => [`${root}/${name}`, shardFiles[i] as Uint8Array] as const),
  ]);
  const plain = serveFiles(files);
  const counts = new Map<number, number>();
  return loopback((request, response) => {
    const shard = names.findIndex((name) => request.url?.endsWith(name));
    const count = counts.get(shard) ?? 0;
    counts.set(shard, count + 1);
    const handler = special[shard]?.(shardFiles[shard] as Uint8Array, count) ?? plain;
    handler(request, response);
  });
}
