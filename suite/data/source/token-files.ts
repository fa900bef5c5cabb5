/**
 * @file Tokens in files, 16 bits each in the byte order of the machine that wrote them (little-endian
 * on all that Node serves but s390x), read by position: the system's file cache decides what stays
 * in memory.
 */
import fs from "node:fs";
import { DataError } from "../error.ts";
import type { TokenSource } from "../text/token-source.ts";

export interface TokenFile {
  readonly path: string;
  /** Tokens in it. */
  readonly length: number;
  /** SHA-256 of the file. */
  readonly checksum: string;
}

/** The tokens of the files, one after the other. */
export function tokensInFiles(files: readonly TokenFile[]): TokenSource & { close(): void } {
  const starts: number[] = [];
  let length = 0;
  for (const file of files) {
    starts.push(length);
    length += file.length;
  }
  const handles = files.map((file) => fs.openSync(file.path, "r"));
  let scratch = new Uint16Array(0);

  function readPart(index: number, from: number, count: number): Uint16Array {
    if (scratch.length < count) scratch = new Uint16Array(count);
    const bytes = new Uint8Array(scratch.buffer, 0, 2 * count);
    const read = fs.readSync(handles[index] as number, bytes, 0, 2 * count, 2 * from);
    if (read === 2 * count) return scratch;
    throw new DataError(
      "corrupt",
      `The file ${files[index]?.path} ended at token ${from + Math.floor(read / 2)}; expected are ${files[index]?.length}.`,
      "Remove it and start again: it is made anew.",
    );
  }
  return {
    length,
    read(start, count, target, offset) {
      let index = starts.findLastIndex((first) => first <= start);
      for (let done = 0; done < count; index++) {
        const from = start + done - (starts[index] as number);
        const some = Math.min(count - done, (files[index] as TokenFile).length - from);
        const part = readPart(index, from, some);
        for (let i = 0; i < some; i++) target[offset + done + i] = part[i] as number;
        done += some;
      }
    },
    close() {
      for (const handle of handles) fs.closeSync(handle);
    },
  };
}
