/** @file A long row of token ids, in memory or on disk, read by position. */
import { requireInteger } from "../error.ts";

export interface TokenSource {
  /** Tokens there are. */
  readonly length: number;
  /** Copies tokens `start` to `start + count − 1` into `target` from `offset` on. */
  read(start: number, count: number, target: Int32Array, offset: number): void;
}

/** Tokens that are in memory: `Uint16Array` halves the room of `Int32Array`. */
export function tokensOf(ids: Uint16Array): TokenSource {
  return {
    length: ids.length,
    read(start, count, target, offset) {
      for (let i = 0; i < count; i++) target[offset + i] = ids[start + i] as number;
    },
  };
}

/**
 * The first `length` tokens: how a text dataset has a size. Smaller ones are contained in larger.
 * @throws DataError "bad-argument" for a length below 1 or above what there is.
 */
export function prefix(tokens: TokenSource, length: number): TokenSource {
  requireInteger(
    "Dataset size",
    length,
    [1, tokens.length],
    "Choose a --dataset-size in this range (tokens or characters).",
  );
  return { length, read: tokens.read };
}
