/** @file GPT-2's byte-pair tokens, from `gpt-tokenizer` (its encoding `r50k_base`). */
import { encode } from "gpt-tokenizer/encoding/r50k_base";

/** Token ids are 0 to 50,256. */
export const GPT2_VOCABULARY_SIZE = 50_257;

/** Stands between documents. */
export const END_OF_TEXT = 50_256;

const NOTHING_SPECIAL = { disallowedSpecial: new Set<string>() };

/** The tokens of `text`. "<|endoftext|>" inside it is text like any other. */
export function gpt2Tokens(text: string): number[] {
  return encode(text, NOTHING_SPECIAL);
}
