/** @file Characters as tokens: minGPT's CharDataset, whose vocabulary is the sorted characters. */
import { DataError } from "../error.ts";

export interface CharacterVocabulary {
  /** All characters (Unicode code points) in ascending order; a token id is an index into it. */
  readonly characters: readonly string[];
  /** @throws DataError "unknown-character" for a character outside the vocabulary. */
  encode(text: string): Uint16Array;
  decode(ids: ArrayLike<number>): string;
}

/** The vocabulary of the characters of `text`. Take the whole corpus, before any prefix. */
export function characterVocabulary(text: string): CharacterVocabulary {
  const points = new Set<number>();
  for (const character of text) points.add(character.codePointAt(0) as number);
  const characters = [...points].sort((a, b) => a - b).map((point) => String.fromCodePoint(point));
  const idOf = new Map(characters.map((character, id) => [character, id]));
  return {
    characters,
    encode(given) {
      const ids = new Uint16Array(given.length);
      let length = 0;
      for (const character of given) {
        const id = idOf.get(character);
        if (id === undefined) throw unknownCharacter(character, length, characters.length);
        ids[length++] = id;
      }
      return ids.subarray(0, length);
    },
    decode: (ids) => Array.from(ids, (id) => characters[id]).join(""),
  };
}

function unknownCharacter(character: string, position: number, size: number): DataError {
  const point = (character.codePointAt(0) as number).toString(16).toUpperCase().padStart(4, "0");
  return new DataError(
    "unknown-character",
    `Character ${JSON.stringify(character)} (U+${point}) at position ${position} is not among the vocabulary's ${size} characters.`,
    "Build the vocabulary from a text that contains it: the whole corpus, not a part.",
  );
}
