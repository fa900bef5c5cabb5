/**
 * @file Splits a text into train, validation and test so that each holds a bit of everything, and
 * so that a prefix of the training text does too. The text is cut into sections of 16,384
 * characters, which are dealt out in a fixed random order ({@link DATA_SEED}): the last ones are
 * the test text, those before them the validation text, and all others the training text.
 */
import { DataError } from "../error.ts";
import { stream } from "../prng.ts";
import { DATA_SEED } from "../subsets.ts";

export const SECTION_LENGTH = 16_384;
const HELD_OUT_SHARE = 0.05;

export interface TextSplits {
  readonly train: string;
  readonly validation: string;
  readonly test: string;
}

/** A twentieth of the sections go to validation, as many to the test, at least one to each. */
export function splitText(text: string): TextSplits {
  const count = Math.ceil(text.length / SECTION_LENGTH);
  const heldOut = Math.max(1, Math.round(count * HELD_OUT_SHARE));
  if (count < 2 * heldOut + 1) {
    throw new DataError(
      "bad-argument",
      `The text has ${text.length} characters, which are ${count} sections: at least ${2 * heldOut + 1} are needed to split it.`,
      `Take a text of more than ${2 * heldOut * SECTION_LENGTH} characters.`,
    );
  }
  const order = Int32Array.from({ length: count }, (_, i) => i);
  stream(DATA_SEED, "sections").shuffle(order);
  const join = (from: number, to: number) =>
    Array.from(order.subarray(from, to), (section) =>
      text.slice(border(text, section), border(text, section + 1)),
    ).join("");
  return {
    train: join(0, count - 2 * heldOut),
    validation: join(count - 2 * heldOut, count - heldOut),
    test: join(count - heldOut, count),
  };
}

/** Where section `index` begins: never inside a character of two UTF-16 units. */
function border(text: string, index: number): number {
  const position = index * SECTION_LENGTH;
  const unit = text.charCodeAt(position);
  return unit >= 0xdc00 && unit < 0xe000 ? position - 1 : position;
}
