import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { cutAfter, type Loopback, loopback } from "../testing/loopback.ts";
import {
  madeHub,
  madeTexts,
  QUICK,
  type Special,
  sha256,
  shardFiles,
} from "../testing/made-corpus.ts";
import { BOOKCORPUS, loadBookCorpus } from "./bookcorpus.ts";
import type { CorpusOptions } from "./corpus-texts.ts";

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

async function hub(special: Special = {}): Promise<CorpusOptions> {
  server = await madeHub(BOOKCORPUS, special);
  return { cache, store: { endpoint: server.url, patience: QUICK } };
}

const left = () => fs.readdirSync(path.join(cache, BOOKCORPUS.id)).sort();
const allText = (shards: readonly number[]) =>
  shards.flatMap((shard) => madeTexts(shard).map((text) => `${text}\n`)).join("");
const requestsFor = (shard: number) =>
  server?.requests.filter((request) => request.path.endsWith(`000${shard}.parquet`)) ?? [];

describe("loadBookCorpus", () => {
  it("takes the beginning for training and the last file's for the held-out text", async () => {
    const options = await hub();
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
    const options = await hub();
    const small = await loadBookCorpus({ train: 300, heldOut: 10 }, options);
    const large = await loadBookCorpus({ train: 900, heldOut: 10 }, options);
    expect(large.train.startsWith(small.train)).toBe(true);
    expect(large.checksum).not.toBe(small.checksum);
  });

  it("needs the hub once: later loads come from the cache", async () => {
    const options = await hub();
    const first = await loadBookCorpus({ train: 300, heldOut: 10 }, options);
    await server?.close();
    expect(await loadBookCorpus({ train: 300, heldOut: 10 }, options)).toEqual(first);
  });

  it("resumes at the byte where the connection was cut", async () => {
    const options = await hub({
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
    const options = await hub({
      0: (file, request) => {
        if (!broken) return undefined;
        return request === 0 ? cutAfter(file, 300) : (_, response) => response.destroy();
      },
    });
    await expect(loadBookCorpus({ train: 300, heldOut: 10 }, options)).rejects.toMatchObject({
      code: "unreachable",
    });
    expect(left()).toContain("0000.parquet.part");
    broken = false;
    await loadBookCorpus({ train: 300, heldOut: 10 }, options);
    expect(requestsFor(0).at(-1)?.range).toBe("bytes=300-");
    expect(left().some((name) => name.endsWith(".part"))).toBe(false);
  });

  it("starts over where the server sends only whole files", async () => {
    const options = await hub({
      0: (file, request) =>
        request === 0 ? cutAfter(file, 300) : (_, response) => response.writeHead(200).end(file),
    });
    const { train } = await loadBookCorpus({ train: 300, heldOut: 10 }, options);
    expect(train).toBe(allText([0]).slice(0, 300));
  });

  it("refuses a file with another checksum and removes it", async () => {
    const options = await hub({
      0: (file) => (_, response) =>
        response.end(file.map((byte, i) => (i === 500 ? byte ^ 1 : byte))),
    });
    await expect(loadBookCorpus({ train: 300, heldOut: 10 }, options)).rejects.toMatchObject({
      code: "corrupt",
      summary: expect.stringMatching(/0000.parquet has SHA-256 [0-9a-f]{64}; expected is/),
    });
    expect(left()).toEqual(["shards.json"]);
  });

  it("fetches anew when what was left does not fit the file any more", async () => {
    const options = await hub();
    const directory = path.join(cache, BOOKCORPUS.id);
    fs.mkdirSync(directory);
    fs.writeFileSync(path.join(directory, "0000.parquet.part"), "of an older version");
    const { train } = await loadBookCorpus({ train: 300, heldOut: 10 }, options);
    expect(train).toBe(allText([0]).slice(0, 300));
  });

  it("gives up on a hub that falls silent, names itself and nothing in its place", async () => {
    const options = await hub({ 0: () => () => {} });
    const failure = await loadBookCorpus({ train: 300, heldOut: 10 }, options).catch(
      (e: unknown) => e,
    );
    expect(failure).toMatchObject({ code: "too-slow" });
    expect(String(failure)).toMatch(/BookCorpus is not to be had: .*did not answer within 0.3 s/);
    expect(String(failure)).toMatch(/Tier paper uses BookCorpus and nothing in its place/);
    expect(String(failure)).toMatch(/HF_ENDPOINT.*--tier mini/);
  });

  it("refuses where nothing can be reached", async () => {
    const options = await hub();
    await server?.close();
    await expect(loadBookCorpus({ train: 300, heldOut: 10 }, options)).rejects.toMatchObject({
      code: "unreachable",
      summary: expect.stringContaining("Tier paper uses BookCorpus"),
    });
  });

  it("says how much there is when asked for more", async () => {
    const options = await hub();
    const all = allText([0, 1]).length;
    await expect(loadBookCorpus({ train: all + 1, heldOut: 10 }, options)).rejects.toThrow(
      `BookCorpus has ${all} characters in 2 files, fewer than the ${all + 1} asked for`,
    );
    await expect(loadBookCorpus({ train: 0, heldOut: 10 }, options)).rejects.toThrow(/at least 1/);
  });

  it("keeps within its bound: the file used longest ago makes room", async () => {
    const options = await hub();
    const maxBytes = Math.max(...shardFiles.map(({ length }) => length)) + 10;
    const bounded = { ...options, store: { ...options.store, maxBytes } };
    await loadBookCorpus({ train: allText([0]).length + 5, heldOut: 10 }, bounded);
    expect(left().filter((name) => name.endsWith(".parquet"))).toEqual(["0002.parquet"]);
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
