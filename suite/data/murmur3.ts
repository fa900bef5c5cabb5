/** @file MurmurHash3 (x86, 32 bit; Appleby 2011, public domain): mixes a text into 32 bits. */

/** Hash of the UTF-8 bytes of `text`, as an unsigned 32-bit integer. */
export function murmur3(text: string, seed: number): number {
  const bytes = new TextEncoder().encode(text);
  const blocks = bytes.length >> 2;
  let hash = seed;
  for (let i = 0; i < blocks; i++) {
    hash = rotate(hash ^ mix(littleEndian(bytes, 4 * i, 4)), 13);
    hash = (Math.imul(hash, 5) + 0xe6546b64) | 0;
  }
  hash ^= mix(littleEndian(bytes, 4 * blocks, bytes.length & 3));
  hash ^= bytes.length;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function littleEndian(bytes: Uint8Array, start: number, count: number): number {
  let word = 0;
  for (let i = 0; i < count; i++) word |= (bytes[start + i] as number) << (8 * i);
  return word;
}

function mix(word: number): number {
  return Math.imul(rotate(Math.imul(word, 0xcc9e2d51), 15), 0x1b873593);
}

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}
