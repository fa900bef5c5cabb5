/**
 * @file BookCorpus (Zhu et al. 2015) as characters: sentences in lower case, a line each, from the
 * ten parquet files that the Hugging Face hub made of it. The training text is the beginning of the
 * corpus, the held-out text the beginning of its last file.
 */
import path from "node:path";
import { DataError, requireInteger } from "../error.ts";
import { cachedEntry, checksumOf, readCached, writeCached } from "./cache.ts";
import { type CorpusOptions, orRefuse, storeOf, textsOf } from "./corpus-texts.ts";
import { makeDirectory } from "./files.ts";
import { withLock } from "./lock.ts";
import { type Corpus, listShards, type Shard, type ShardStore } from "./shards.ts";

export const BOOKCORPUS: Corpus = {
  id: "bookcorpus",
  title: "BookCorpus",
  repository: "bookcorpus/bookcorpus",
  revision: "refs/convert/parquet",
  folder: "plain_text/train",
  column: "text",
};

/** A training text and a held-out text, and what a result says about them. */
export interface SplitText {
  readonly name: string;
  /** SHA-256 of both texts in UTF-8, one after the other. */
  readonly checksum: string;
  readonly train: string;
  readonly heldOut: string;
}

/** Lengths in characters (UTF-16 units); a task asks for its largest, and takes prefixes. */
export interface TextLengths {
  readonly train: number;
  readonly heldOut: number;
}

/**
 * Loads the texts; the first time, fetches the files that hold them (about 0.3 GB each).
 * @throws DataError, if the hub cannot be reached: nothing takes the corpus's place.
 */
export async function loadBookCorpus(
  lengths: TextLengths,
  options: CorpusOptions = {},
): Promise<SplitText> {
  const most = Number.MAX_SAFE_INTEGER;
  requireInteger("Training text of length", lengths.train, [1, most], "Ask for some characters.");
  requireInteger("Held-out text of length", lengths.heldOut, [1, most], "Ask for some characters.");
  const store = storeOf(BOOKCORPUS, options);
  const name = `text-${lengths.train}-${lengths.heldOut}`;
  const cached = () => readTexts(store, name);
  const known = cached();
  if (known) return known;
  makeDirectory(store.directory);
  return withLock(
    path.join(store.directory, name),
    () => {},
    async () => cached() ?? (await orRefuse(store, () => fetchTexts(store, name, lengths))),
  );
}

function readTexts(store: ShardStore, name: string): SplitText | undefined {
  const entry = cachedEntry(store.directory, name);
  const arrays = entry && readCached(store.directory, entry);
  return entry && arrays && textsFrom(arrays, entry.checksum);
}

async function fetchTexts(
  store: ShardStore,
  name: string,
  lengths: TextLengths,
): Promise<SplitText> {
  const shards = await listShards(store);
  const train = await beginning(store, shards.slice(0, -1), lengths.train);
  const heldOut = await beginning(store, shards.slice(-1), lengths.heldOut);
  const arrays = [Buffer.from(train), Buffer.from(heldOut)];
  const checksum = checksumOf(arrays);
  const entry = {
    name,
    checksum,
    arrays: ["train", "held-out"].map((part, i) => ({
      name: part,
      bytes: (arrays[i] as Uint8Array).length,
    })),
  };
  writeCached(store.directory, entry, { arrays, source: store.endpoint });
  return textsFrom(arrays, checksum);
}

/** The first `length` characters of the shards. */
async function beginning(
  store: ShardStore,
  shards: readonly Shard[],
  length: number,
): Promise<string> {
  const parts: string[] = [];
  let characters = 0;
  for await (const texts of textsOf(store, shards)) {
    const part = `${texts.join("\n")}\n`;
    parts.push(part);
    characters += part.length;
    if (characters >= length) return whole(parts.join("").slice(0, length));
  }
  throw new DataError(
    "bad-argument",
    `${store.corpus.title} has ${characters} characters in ${shards.length} files, fewer than the ${length} asked for.`,
    "Ask for fewer characters.",
  );
}

/** Without the half of a two-unit character at the end. */
function whole(text: string): string {
  const last = text.charCodeAt(text.length - 1);
  return last >= 0xd800 && last < 0xdc00 ? text.slice(0, -1) : text;
}

function textsFrom(arrays: readonly Uint8Array[], checksum: string): SplitText {
  const [train, heldOut] = arrays.map((bytes) => Buffer.from(bytes).toString("utf8"));
  return { name: BOOKCORPUS.title, checksum, train: train as string, heldOut: heldOut as string };
}
