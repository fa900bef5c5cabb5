import { createHash } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { parquetWriteBuffer } from "hyparquet-writer";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  cutAfter,
  type Handler,
  type Loopback,
  loopback,
  serveFiles,
} from "../testing/loopback.ts";
import { END_OF_TEXT, gpt2Tokens } from "../text/gpt2-tokens.ts";
import { BOOKCORPUS, loadBookCorpus } from "./bookcorpus.ts";
import type { CorpusOptions } from "./corpus-texts.ts";
import { loadOpenWebText, OPENWEBTEXT } from "./openwebtext.ts";
import type { Corpus } from "./shards.ts";

const QUICK = { answerMs: 300, windowMs: 300, windowBytes: 1, retryMs: 5 };
const SHARDS = 3;
const ROWS = 40;

let cache: string;
let server: Loopback | undefined;
beforeEach(() => {
  cache = fs.mkdtempSync(path.join(os.tmpdir(), "crossover-corpora-"));
});
afterEach(async () => {
  await server?.close();
  server = undefined;
  fs.rmSync(cache, { recursive: true, force: true });
});

/** Text `row` of shard `shard`; each has its own words. */
const madeText = (shard: number, row: number) =>
  `shard ${shard} row ${row}: ${"the quick brown fox ".repeat(1 + (row % 4))}naïve 😀.`;
const madeTexts = (shard: number) => Array.from({ length: ROWS }, (_, row) => madeText(shard, row));

const shardFiles = [0, 1, 2].map((shard) => {
  const columnData = [{ name: "text", data: madeTexts(shard), type: "STRING" as const }];
  return new Uint8Array(parquetWriteBuffer({ columnData, rowGroupSize: 16 }));
});
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/** A hub that holds the corpus; `special` handles the shards it names, as often as it says. */
async function hub(
  { repository, revision, folder }: Corpus,
  special: Record<number, (file: Uint8Array, request: number) => Handler | undefined> = {},
): Promise<CorpusOptions> {
  const names = shardFiles.map((_, i) => `${folder}/000${i}.parquet`);
  const listing = names.map((name, i) => {
    const bytes = shardFiles[i] as Uint8Array;
    return {
      type: "file",
      path: name,
      size: bytes.length,
      lfs: { oid: sha256(bytes), size: bytes.length },
    };
  });
  const root = `/datasets/${repository}/resolve/${revision}`;
  const files = new Map<string, Uint8Array>([
    [
      `/api/datasets/${repository}/tree/${revision}/${folder}`,
      Buffer.from(JSON.stringify([...listing, { type: "file", path: "README.md", size: 1 }])),
    ],
    ...names.map((name, i) => [`${root}/${name}`, shardFiles[i] as Uint8Array] as const),
  ]);
  const plain = serveFiles(files);
  const counts = new Map<number, number>();
  server = await loopback((request, response) => {
    const shard = names.findIndex((name) => request.url?.endsWith(name));
    const count = counts.get(shard) ?? 0;
    counts.set(shard, count + 1);
    const handler = special[shard]?.(shardFiles[shard] as Uint8Array, count) ?? plain;
    handler(request, response);
  });
  return { cache, store: { endpoint: server.url, patience: QUICK } };
}

const allText = (shards: readonly number[]) =>
  shards.flatMap((shard) => madeTexts(shard).map((text) => `${text}\n`)).join("");
const left = (corpus: Corpus) => fs.readdirSync(path.join(cache, corpus.id)).sort();
const requestsFor = (shard: number) =>
  server?.requests.filter((request) => request.path.endsWith(`000${shard}.parquet`)) ?? [];

describe("loadBookCorpus", () => {
  it("takes the beginning for training and the last file's for the held-out text", async () => {
    const options = await hub(BOOKCORPUS);
    const length = allText([0]).length + 100;
    const { name, checksum, train, heldOut } = await loadBookCorpus(
      { train: length, heldOut: 50 },
      options,
    );
    expect(name).toBe("BookCorpus");
    expect(train).toBe(allText([0, 1]).slice(0, length));
    expect(heldOut).toBe(allText([2]).slice(0, 50));
    expect(checksum).toBe(sha256(Buffer.from(train + heldOut)));
  });

  it("is contained in what a larger request returns", async () => {
    const options = await hub(BOOKCORPUS);
    const small = await loadBookCorpus({ train: 300, heldOut: 10 }, options);
    const large = await loadBookCorpus({ train: 900, heldOut: 10 }, options);
    expect(large.train.startsWith(small.train)).toBe(true);
    expect(large.checksum).not.toBe(small.checksum);
  });

  it("needs the hub once: later loads come from the cache", async () => {
    const options = await hub(BOOKCORPUS);
    const first = await loadBookCorpus({ train: 300, heldOut: 10 }, options);
    await server?.close();
    expect(await loadBookCorpus({ train: 300, heldOut: 10 }, options)).toEqual(first);
  });

  it("resumes at the byte where the connection was cut", async () => {
    const options = await hub(BOOKCORPUS, {
      0: (file, request) => (request < 3 ? cutAfter(file, 200) : undefined),
    });
    const { train } = await loadBookCorpus({ train: 300, heldOut: 10 }, options);
    expect(train).toBe(allText([0]).slice(0, 300));
    expect(requestsFor(0).map(({ range }) => range)).toEqual([
      undefined,
      "bytes=200-",
      "bytes=400-",
      "bytes=600-",
    ]);
  });

  it("goes on in a later run from what an earlier one left", async () => {
    let broken = true;
    const options = await hub(BOOKCORPUS, {
      0: (file, request) => {
        if (!broken) return undefined;
        return request === 0 ? cutAfter(file, 300) : (_, response) => response.destroy();
      },
    });
    await expect(loadBookCorpus({ train: 300, heldOut: 10 }, options)).rejects.toMatchObject({
      code: "unreachable",
    });
    expect(left(BOOKCORPUS)).toContain("0000.parquet.part");
    broken = false;
    await loadBookCorpus({ train: 300, heldOut: 10 }, options);
    expect(requestsFor(0).at(-1)?.range).toBe("bytes=300-");
    expect(left(BOOKCORPUS).some((name) => name.endsWith(".part"))).toBe(false);
  });

  it("starts over where the server sends only whole files", async () => {
    const options = await hub(BOOKCORPUS, {
      0: (file, request) =>
        request === 0 ? cutAfter(file, 300) : (_, response) => response.writeHead(200).end(file),
    });
    const { train } = await loadBookCorpus({ train: 300, heldOut: 10 }, options);
    expect(train).toBe(allText([0]).slice(0, 300));
  });

  it("refuses a file with another checksum and removes it", async () => {
    const options = await hub(BOOKCORPUS, {
      0: (file) => (_, response) =>
        response.end(file.map((byte, i) => (i === 500 ? byte ^ 1 : byte))),
    });
    await expect(loadBookCorpus({ train: 300, heldOut: 10 }, options)).rejects.toMatchObject({
      code: "corrupt",
      summary: expect.stringMatching(/0000.parquet has SHA-256 [0-9a-f]{64}; expected is/),
    });
    expect(left(BOOKCORPUS)).toEqual(["shards.json"]);
  });

  it("fetches anew when what was left does not fit the file any more", async () => {
    const options = await hub(BOOKCORPUS);
    const directory = path.join(cache, BOOKCORPUS.id);
    fs.mkdirSync(directory);
    fs.writeFileSync(path.join(directory, "0000.parquet.part"), "of an older version");
    const { train } = await loadBookCorpus({ train: 300, heldOut: 10 }, options);
    expect(train).toBe(allText([0]).slice(0, 300));
  });

  it("gives up on a hub that falls silent, names itself and nothing in its place", async () => {
    const options = await hub(BOOKCORPUS, { 0: () => () => {} });
    const failure = await loadBookCorpus({ train: 300, heldOut: 10 }, options).catch(
      (e: unknown) => e,
    );
    expect(failure).toMatchObject({ code: "too-slow" });
    expect(String(failure)).toMatch(/BookCorpus is not to be had: .*did not answer within 0.3 s/);
    expect(String(failure)).toMatch(/Tier paper uses BookCorpus and nothing in its place/);
    expect(String(failure)).toMatch(/HF_ENDPOINT.*--tier mini/);
  });

  it("refuses where nothing can be reached", async () => {
    const options = await hub(BOOKCORPUS);
    await server?.close();
    await expect(loadBookCorpus({ train: 300, heldOut: 10 }, options)).rejects.toMatchObject({
      code: "unreachable",
      summary: expect.stringContaining("Tier paper uses BookCorpus"),
    });
  });

  it("says how much there is when asked for more", async () => {
    const options = await hub(BOOKCORPUS);
    const all = allText([0, 1]).length;
    await expect(loadBookCorpus({ train: all + 1, heldOut: 10 }, options)).rejects.toThrow(
      `BookCorpus has ${all} characters in 2 files, fewer than the ${all + 1} asked for`,
    );
    await expect(loadBookCorpus({ train: 0, heldOut: 10 }, options)).rejects.toThrow(/at least 1/);
  });

  it("keeps within its bound: the file used longest ago makes room", async () => {
    const options = await hub(BOOKCORPUS);
    const maxBytes = Math.max(...shardFiles.map(({ length }) => length)) + 10;
    const bounded = { ...options, store: { ...options.store, maxBytes } };
    await loadBookCorpus({ train: allText([0]).length + 5, heldOut: 10 }, bounded);
    expect(left(BOOKCORPUS).filter((name) => name.endsWith(".parquet"))).toEqual(["0002.parquet"]);
    const tooSmall = { ...options, store: { ...options.store, maxBytes: 10 } };
    await expect(loadBookCorpus({ train: 5, heldOut: 10 }, tooSmall)).rejects.toThrow(
      /more than the cache may hold \(10\)/,
    );
  });

  it("refuses a hub that does not say what its files are", async () => {
    server = await loopback((_, response) => response.end("<html>log in</html>"));
    const options = { cache, store: { endpoint: server.url, patience: QUICK } };
    await expect(loadBookCorpus({ train: 5, heldOut: 10 }, options)).rejects.toMatchObject({
      code: "corrupt",
      summary: expect.stringContaining("does not list parquet files"),
    });
  });
});

describe("loadOpenWebText", () => {
  const tokensOfShard = (shard: number) =>
    madeTexts(shard).flatMap((text) => [...gpt2Tokens(text), END_OF_TEXT]);
  const read = (source: {
    length: number;
    read: (...a: [number, number, Int32Array, number]) => void;
  }) => {
    const target = new Int32Array(source.length);
    source.read(0, source.length, target, 0);
    return [...target];
  };

  it("tokenises as many files as are needed, a mark after each text", async () => {
    const options = await hub(OPENWEBTEXT);
    const wanted = tokensOfShard(0).length + 70;
    const data = await loadOpenWebText({ train: wanted, heldOut: 90 }, options);
    expect(read(data.train)).toEqual([...tokensOfShard(0), ...tokensOfShard(1)].slice(0, wanted));
    expect(read(data.heldOut)).toEqual(tokensOfShard(2).slice(0, 90));
    expect([data.train.length, data.heldOut.length]).toEqual([wanted, 90]);
    data.close();
  });

  it("reads any window, also across two files", async () => {
    const options = await hub(OPENWEBTEXT);
    const all = [...tokensOfShard(0), ...tokensOfShard(1)];
    const { train, close } = await loadOpenWebText({ train: all.length, heldOut: 1 }, options);
    const border = tokensOfShard(0).length;
    for (const [start, count] of [
      [0, 5],
      [border - 3, 6],
      [border, 4],
      [all.length - 2, 2],
    ] as const) {
      const target = new Int32Array(count + 1);
      train.read(start, count, target, 1);
      expect([...target]).toEqual([0, ...all.slice(start, start + count)]);
    }
    close();
  });

  it("tokenises once, keeps the tokens when the parquet files make room, and names them by checksum", async () => {
    const options = await hub(OPENWEBTEXT);
    const maxBytes = Math.max(...shardFiles.map(({ length }) => length));
    const bounded = { ...options, store: { ...options.store, maxBytes } };
    const wanted = tokensOfShard(0).length + 1;
    const first = await loadOpenWebText({ train: wanted, heldOut: 5 }, bounded);
    first.close();
    await server?.close();
    const again = await loadOpenWebText({ train: wanted, heldOut: 5 }, bounded);
    expect(again.checksum).toBe(first.checksum);
    expect(read(again.train)).toHaveLength(wanted);
    again.close();
    expect(left(OPENWEBTEXT).filter((name) => name.endsWith("-gpt2.bin"))).toHaveLength(SHARDS);
  });

  it("makes a token file anew when it was cut", async () => {
    const options = await hub(OPENWEBTEXT);
    const first = await loadOpenWebText({ train: 50, heldOut: 5 }, options);
    first.close();
    const file = left(OPENWEBTEXT).find((name) => name.endsWith("-gpt2.bin")) as string;
    fs.truncateSync(path.join(cache, OPENWEBTEXT.id, file), 20);
    const again = await loadOpenWebText({ train: 50, heldOut: 5 }, options);
    expect(read(again.train)).toEqual(tokensOfShard(0).slice(0, 50));
    again.close();
  });

  it("refuses where nothing can be reached", async () => {
    const options = await hub(OPENWEBTEXT);
    await server?.close();
    await expect(loadOpenWebText({ train: 5, heldOut: 5 }, options)).rejects.toMatchObject({
      code: "unreachable",
      summary: expect.stringContaining("Tier paper uses OpenWebText and nothing in its place"),
    });
  });
});
