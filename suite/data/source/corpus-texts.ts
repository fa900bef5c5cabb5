/** @file Reads a corpus shard by shard. */

import path from "node:path";
import { DataError } from "../error.ts";
import type { LoadOptions } from "./acquire.ts";
import { cacheDirectory } from "./cache.ts";
import { PERSISTENT } from "./http.ts";
import { hubEndpoint } from "./hub.ts";
import { textGroups } from "./parquet.ts";
import { type Corpus, fetchShard, type Shard, type ShardStore } from "./shards.ts";

/** Two gigabytes: six shards of OpenWebText. */
const MAX_PARQUET_BYTES = 2e9;

/** What a load of a corpus may be told; tests say all of it. */
export interface CorpusOptions extends LoadOptions {
  readonly store?: Partial<Pick<ShardStore, "endpoint" | "maxBytes" | "patience">>;
}

export function storeOf(corpus: Corpus, options: CorpusOptions): ShardStore {
  const directory = path.join(options.cache ?? cacheDirectory(), corpus.id);
  return {
    corpus,
    endpoint: hubEndpoint(),
    directory,
    maxBytes: MAX_PARQUET_BYTES,
    patience: PERSISTENT,
    onProgress: options.onProgress,
    ...options.store,
  };
}

/** The texts of the shards, in groups, in order; a shard is fetched when its turn comes. */
export async function* textsOf(
  store: ShardStore,
  shards: readonly Shard[],
): AsyncGenerator<string[]> {
  for (const shard of shards)
    yield* textGroups(await fetchShard(store, shard), store.corpus.column);
}

/** Says that a `paper` dataset is not to be had, and that nothing takes its place. */
export async function orRefuse<T>(store: ShardStore, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (!(cause instanceof DataError)) throw cause;
    if (cause.code !== "unreachable" && cause.code !== "too-slow") throw cause;
    const { title } = store.corpus;
    throw new DataError(
      cause.code,
      `${title} is not to be had: ${cause.summary} Tier paper uses ${title} and nothing in its place.`,
      `Connect to ${store.endpoint}, set HF_ENDPOINT to a mirror, copy ${store.directory} from a machine that has it, or choose --tier mini, which uses the Gutenberg books.`,
      { cause },
    );
  }
}
