/** @file A text file of the user's own, as the text of a task. */
import fs from "node:fs";
import path from "node:path";
import { DataError } from "../error.ts";
import { decodeUtf8 } from "../text/utf8.ts";
import { checksumOf } from "./cache.ts";
import type { TextSource } from "./gutenberg.ts";

/** @throws DataError "not-utf8", or "bad-argument" if the file cannot be read or is empty. */
export function loadTextFile(file: string): TextSource {
  const bytes = read(file);
  const text = decodeUtf8(bytes, file).replaceAll("\r\n", "\n");
  if (text.length > 0) return { name: path.basename(file), checksum: checksumOf([bytes]), text };
  throw new DataError("bad-argument", `The text file ${file} is empty.`, "Give a file with text.");
}

function read(file: string): Uint8Array {
  try {
    return fs.readFileSync(file);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new DataError(
      "bad-argument",
      `The text file ${file} cannot be read (${reason}).`,
      "Give the path of a text file in UTF-8.",
      { cause },
    );
  }
}
