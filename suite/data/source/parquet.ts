/** @file Rows of parquet files, by hyparquet. */
import fs from "node:fs";
import { type AsyncBuffer, parquetMetadataAsync, parquetReadObjects } from "hyparquet";
import { DataError } from "../error.ts";
import { type PixelFormat, pngPixels } from "./png.ts";

/**
 * Images and labels of a file as the Hugging Face hub stores them: a PNG in `column`.bytes, a class
 * in `label`.
 * @throws DataError "corrupt" if a row or an image is broken.
 */
export async function labelledImages(
  file: Uint8Array,
  { name, column, format }: { name: string; column: string; format: PixelFormat },
): Promise<{ pixels: Uint8Array; labels: Uint8Array }> {
  const buffer = file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength);
  const rows = await readingParquet(name, () =>
    parquetReadObjects({ file: buffer as ArrayBuffer, columns: [column, "label"], utf8: false }),
  );
  const size = format.width * format.height * format.channels;
  const pixels = new Uint8Array(rows.length * size);
  const labels = new Uint8Array(rows.length);
  rows.forEach((row, i) => {
    const image: unknown = row[column]?.bytes;
    if (!(image instanceof Uint8Array)) throw broken(name, `row ${i} has no image`);
    pixels.set(pngPixels(image, `${name}, row ${i}`, format), i * size);
    labels[i] = Number(row.label);
  });
  return { pixels, labels };
}

/**
 * The texts of a file on disk, one row group at a time: what is in memory is bounded by the largest
 * group, not by the file.
 * @throws DataError "corrupt".
 */
export async function* textGroups(path: string, column: string): AsyncGenerator<string[]> {
  const handle = await fs.promises.open(path, "r");
  try {
    const file = await asyncBuffer(handle);
    const metadata = await readingParquet(path, () => parquetMetadataAsync(file));
    let rowStart = 0;
    for (const group of metadata.row_groups) {
      const rowEnd = rowStart + Number(group.num_rows);
      const rows = await readingParquet(path, () =>
        parquetReadObjects({ file, metadata, columns: [column], rowStart, rowEnd }),
      );
      rowStart = rowEnd;
      yield rows.map((row) => {
        const text: unknown = row[column];
        if (typeof text === "string") return text;
        throw broken(path, `a row of its column ${column} is not text`);
      });
    }
  } finally {
    await handle.close();
  }
}

async function asyncBuffer(handle: fs.promises.FileHandle): Promise<AsyncBuffer> {
  const { size: byteLength } = await handle.stat();
  return {
    byteLength,
    async slice(start, end = byteLength) {
      const bytes = new Uint8Array(end - start);
      await handle.read(bytes, 0, bytes.length, start);
      return bytes.buffer;
    },
  };
}

async function readingParquet<T>(name: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    throw broken(name, cause instanceof Error ? cause.message : String(cause), cause);
  }
}

function broken(name: string, what: string, cause?: unknown): DataError {
  return new DataError(
    "corrupt",
    `The parquet file ${name} cannot be read (${what}).`,
    "Remove it, if it is in the cache, and try again.",
    { cause },
  );
}
