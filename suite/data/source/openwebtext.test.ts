import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Loopback } from "../testing/loopback.ts";
import { madeHub, madeTexts, QUICK, shardFiles } from "../testing/made-corpus.ts";
import { END_OF_TEXT, gpt2Tokens } from "../text/gpt2-tokens.ts";
import type { TokenSource } from "../text/token-source.ts";
import type { CorpusOptions } from "./corpus-texts.ts";
import { loadOpenWebText, OPENWEBTEXT } from "./openwebtext.ts";

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

async function hub(): Promise<CorpusOptions> {
  server = await madeHub(OPENWEBTEXT);
  return { cache, store: { endpoint: server.url, patience: QUICK } };
}

const left = () => fs.readdirSync(path.join(cache, OPENWEBTEXT.id)).sort();

describe("loadOpenWebText", () => {
  const tokensOfShard = (shard: number) =>
    madeTexts(shard).flatMap((text) => [...gpt2Tokens(text), END_OF_TEXT]);
  const read = (source: TokenSource) => {
    const target = new Int32Array(source.length);
    source.read(0, source.length, target, 0);
    return [...target];
  };

  it("tokenises as many files as are needed, a mark after each text", async () => {
    const options = await hub();
    const wanted = tokensOfShard(0).length + 70;
    const data = await loadOpenWebText({ train: wanted, heldOut: 90 }, options);
    expect(read(data.train)).toEqual([...tokensOfShard(0), ...tokensOfShard(1)].slice(0, wanted));
    expect(read(data.heldOut)).toEqual(tokensOfShard(2).slice(0, 90));
    expect([data.train.length, data.heldOut.length]).toEqual([wanted, 90]);
    data.close();
  });

  it("reads any window, also across two files", async () => {
    const options = await hub();
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
    const options = await hub();
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
    expect(left().filter((name) => name.endsWith("-gpt2.bin"))).toHaveLength(shardFiles.length);
  });

  it("makes a token file anew when it was cut", async () => {
    const options = await hub();
    const first = await loadOpenWebText({ train: 50, heldOut: 5 }, options);
    first.close();
    const file = left().find((name) => name.endsWith("-gpt2.bin")) as string;
    fs.truncateSync(path.join(cache, OPENWEBTEXT.id, file), 20);
    const again = await loadOpenWebText({ train: 50, heldOut: 5 }, options);
    expect(read(again.train)).toEqual(tokensOfShard(0).slice(0, 50));
    again.close();
  });

  it("refuses where nothing can be reached", async () => {
    const options = await hub();
    await server?.close();
    await expect(loadOpenWebText({ train: 5, heldOut: 5 }, options)).rejects.toMatchObject({
      code: "unreachable",
      summary: expect.stringContaining("Tier paper uses OpenWebText and nothing in its place"),
    });
  });
});
