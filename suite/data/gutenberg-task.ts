/** @file The Gutenberg books as characters: what the language tasks train on at `mini` and `smoke`. */
import type { LoadOptions } from "./source/acquire.ts";
import { loadGutenberg } from "./source/gutenberg.ts";
import { characterVocabulary } from "./text/characters.ts";
import { splitText } from "./text/sections.ts";
import { tokensOf } from "./text/token-source.ts";
import { type TextTask, textTask } from "./text-task.ts";

/** Characters of the books, counted once; the loader's checksum keeps it true. */
export const GUTENBERG_CHARACTERS = 96;

/** `block` characters per example; a twentieth of the text each for validation and test. */
export async function gutenbergTask(
  sizes: { readonly block: number; readonly evaluationTokens: number },
  options: LoadOptions,
): Promise<TextTask> {
  const { name, checksum, text } = await loadGutenberg(options);
  const { encode, characters } = characterVocabulary(text);
  const { train, validation, test } = splitText(text);
  return textTask({
    name,
    checksum,
    train: tokensOf(encode(train)),
    validation: tokensOf(encode(validation)),
    test: tokensOf(encode(test)),
    vocabulary: characters.length,
    ...sizes,
  });
}
