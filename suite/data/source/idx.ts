/** @file IDX, the format of MNIST's files: a magic number, sizes (big-endian), then bytes. */
import { DataError } from "../error.ts";

const UNSIGNED_BYTES = 0x08;

/**
 * The values of an IDX file of unsigned bytes whose sizes are `sizes`.
 * @throws DataError "corrupt" if the header says otherwise or the file is cut.
 */
export function idxValues(file: Uint8Array, name: string, sizes: readonly number[]): Uint8Array {
  const headerLength = 4 + 4 * sizes.length;
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const wanted = [UNSIGNED_BYTES * 256 + sizes.length, ...sizes];
  const header =
    file.length < headerLength ? [] : wanted.map((_, i) => view.getUint32(4 * i, false));
  if (header.length === 0 || header.some((value, i) => value !== wanted[i])) {
    throw broken(
      name,
      `begins with ${JSON.stringify(header)}; expected is ${JSON.stringify(wanted)}`,
    );
  }
  const length = sizes.reduce((product, size) => product * size, 1);
  if (file.length !== headerLength + length) {
    throw broken(name, `has ${file.length} bytes; expected are ${headerLength + length}`);
  }
  return file.subarray(headerLength);
}

function broken(name: string, what: string): DataError {
  return new DataError("corrupt", `The file ${name} ${what}.`, "Take another source.");
}
