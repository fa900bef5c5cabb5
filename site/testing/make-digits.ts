/**
 * @file Writes the digits that the race trains on, `npx tsx site/testing/make-digits.ts`: 6,000
 * training and 1,000 test digits of MNIST, the mean of each 2×2 block rounded to a byte, balanced as
 * they come. Gzip of: training pixels, test pixels (196 bytes each), training labels, test labels.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import type { Examples } from "../../suite/data/examples.ts";
import { loadMnist } from "../../suite/data/source/mnist.ts";

const SIDE = 14;

function pooled({ inputs }: Examples, count: number): Uint8Array {
  const pixels = new Uint8Array(count * SIDE * SIDE);
  for (let digit = 0; digit < count; digit++) {
    for (let y = 0; y < SIDE; y++) {
      for (let x = 0; x < SIDE; x++) {
        const corner = digit * 784 + 56 * y + 2 * x;
        const sum = [0, 1, 28, 29].reduce(
          (total, next) => total + (inputs[corner + next] as number),
          0,
        );
        pixels[digit * SIDE * SIDE + SIDE * y + x] = Math.round(sum / 4);
      }
    }
  }
  return pixels;
}

const { train, test } = await loadMnist();
const parts = [
  pooled(train, 6000),
  pooled(test, 1000),
  Uint8Array.from(train.labels.subarray(0, 6000)),
  Uint8Array.from(test.labels.subarray(0, 1000)),
];
const folder = fileURLToPath(new URL("../public/race/", import.meta.url));
mkdirSync(folder, { recursive: true });
const packed = gzipSync(Buffer.concat(parts), { level: 9 });
writeFileSync(`${folder}digits.bin`, packed);
console.log(`${packed.length} bytes in site/public/race/digits.bin`);
