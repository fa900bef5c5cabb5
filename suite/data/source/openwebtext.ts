/**
 * @file OpenWebText (Gokaslan and Cohen 2019) as GPT-2 tokens: eighty parquet files of about 0.3 GB
 * and 113 million tokens each. A file is turned into tokens once, 2 bytes each, and its tokens stay
 * on the disk (the paper's budget of 4.9 billion tokens takes 10 GB); training reads them from
 * there by position. Training tokens come from the first files on, held-out tokens from the last.
 */
import { createHash } from "node:crypto";
import path from "node:path";
import { DataError, requireInteger } from "../error.ts";
import { END_OF_TEXT, gpt2Tokens } from "../text/gpt2-tokens.ts";
import { prefix, type TokenSource } from "../text/token-source.ts";
import { arraysFile, cachedEntry, checksumOf, writeCached } from "./cache.ts";
import { type CorpusOptions, orRefuse, storeOf, textsOf } from "./corpus-texts.ts";
import { makeDirectory } from "./files.ts";
import { withLock } from "./lock.ts";
import { progressMeter } from "./progress.ts";
import { type Corpus, listShards, type Shard, type ShardStore } from "./shards.ts";
import { type TokenFile, tokensInFiles } from "./token-files.ts";

export const OPENWEBTEXT: Corpus = {
  id: "openwebtext",
  title: "OpenWebText",
  repository: "Skylion007/openwebtext",
  revision: "79d93d786212f7344586290adb811d4ae6a1762c",
  folder: "plain_text",
  column: "text",
};

/** Training tokens and held-out tokens, and what a result says about them. */
export interface SplitTokens {
  readonly name: string;
  /** SHA-256 of the SHA-256s of the token files, in order, the held-out one last. */
  readonly checksum: string;
  readonly train: TokenSource;
  readonly heldOut: TokenSource;
  /** Closes the files. */
  close(): void;
}

/**
 * Opens the tokens; the first time, fetches and tokenises the files that hold them.
 * @throws DataError, if the hub cannot be reached: nothing takes the corpus's place.
 */
export async function loadOpenWebText(
  lengths: { readonly train: number; readonly heldOut: number },
  options: CorpusOptions = {},
): Promise<SplitTokens> {
  const most = Number.MAX_SAFE_INTEGER;
  requireInteger("Number of training tokens", lengths.train, [1, most], "Ask for some tokens.");
  requireInteger("Number of held-out tokens", lengths.heldOut, [1, most], "Ask for some tokens.");
  const store = storeOf(OPENWEBTEXT, options);
  return orRefuse(store, async () => {
    const shards = await listShards(store);
    const train = await tokenFiles(store, shards.slice(0, -1), lengths.train);
    const heldOut = await tokenFiles(store, shards.slice(-1), lengths.heldOut);
    const hash = createHash("sha256");
    for (const file of [...train, ...heldOut]) hash.update(file.checksum);
    const [trainTokens, heldOutTokens] = [tokensInFiles(train), tokensInFiles(heldOut)];
    return {
      name: OPENWEBTEXT.title,
      checksum: hash.digest("hex"),
      train: prefix(trainTokens, lengths.train),
      heldOut: prefix(heldOutTokens, lengths.heldOut),
      close() {
        trainTokens.close();
        heldOutTokens.close();
      },
    };
  });
}

/** Token files of the first shards, as many as hold `count` tokens. */
async function tokenFiles(
  store: ShardStore,
  shards: readonly Shard[],
  count: number,
): Promise<TokenFile[]> {
  const files: TokenFile[] = [];
  let tokens = 0;
  for (const shard of shards) {
    const file = await tokenFile(store, shard);
    files.push(file);
    tokens += file.length;
    if (tokens >= count) return files;
  }
  throw new DataError(
    "bad-argument",
    `${store.corpus.title} has ${tokens} tokens in ${shards.length} files, fewer than the ${count} asked for.`,
    "Ask for fewer tokens.",
  );
}

async function tokenFile(store: ShardStore, shard: Shard): Promise<TokenFile> {
  const name = `${path.posix.basename(shard.path, ".parquet")}-${shard.checksum.slice(0, 12)}-gpt2`;
  const cached = () => {
    const entry = cachedEntry(store.directory, name);
    const bytes = entry?.arrays[0]?.bytes;
    if (!entry || bytes === undefined) return undefined;
    return {
      path: arraysFile(store.directory, name),
      length: bytes / 2,
      checksum: entry.checksum,
    };
  };
  const known = cached();
  if (known) return known;
  makeDirectory(store.directory);
  return withLock(
    path.join(store.directory, name),
    () => {},
    async () => {
      if (!cached()) await tokenise(store, shard, name);
      return cached() as TokenFile;
    },
  );
}

/** Each text, then the mark that ends it, as nanoGPT's preparation has it. */
async function tokenise(store: ShardStore, shard: Shard, name: string): Promise<void> {
  const source = path.posix.basename(shard.path);
  const report = progressMeter(
    { dataset: store.corpus.title, step: "decoding", source },
    store.onProgress,
  );
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const texts of textsOf(store, [shard])) {
    const ids = Uint16Array.from(texts.flatMap((text) => [...gpt2Tokens(text), END_OF_TEXT]));
    parts.push(new Uint8Array(ids.buffer));
    bytes += ids.byteLength;
    report(bytes);
  }
  const entry = { name, checksum: checksumOf(parts), arrays: [{ name: "tokens", bytes }] };
  writeCached(store.directory, entry, { arrays: parts, source: store.endpoint });
}
