/** @file Text from bytes, strictly: a wrong byte is an error, not a question mark. */
import { DataError } from "../error.ts";

/** @throws DataError "not-utf8", naming the first wrong byte, unless `bytes` are UTF-8. */
export function decodeUtf8(bytes: Uint8Array, name: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    const position = firstInvalid(bytes);
    const byte = (bytes[position] ?? 0).toString(16).padStart(2, "0");
    throw new DataError(
      "not-utf8",
      `${name} is not UTF-8 text: byte 0x${byte} at position ${position} is not allowed there.`,
      `Convert it first, for example: iconv -f ISO-8859-1 -t UTF-8 ${name} > converted.txt`,
      { cause },
    );
  }
}

/** Where the first wrong character begins: the longest beginning that is whole, found by halving. */
function firstInvalid(bytes: Uint8Array): number {
  let [valid, invalid] = [0, bytes.length + 1];
  while (invalid - valid > 1) {
    const middle = (valid + invalid) >> 1;
    // In a stream, a character that is cut off at the end is not yet wrong.
    if (decodes(bytes.subarray(0, middle), { stream: true })) valid = middle;
    else invalid = middle;
  }
  while (!decodes(bytes.subarray(0, valid), { stream: false })) valid--;
  return valid;
}

function decodes(bytes: Uint8Array, options: TextDecodeOptions): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes, options);
    return true;
  } catch {
    return false;
  }
}
