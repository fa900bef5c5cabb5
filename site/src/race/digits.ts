/** @file The digits of the race: 14×14, from the site's own file (see testing/make-digits.ts). */
import {
  type Examples,
  examplesOf,
  MNIST_STATISTICS,
  type Preparation,
} from "../../../suite/data/browser.ts";

const TRAIN = 6000;
const TEST = 1000;
const PIXELS = 14 * 14;

export interface Digits {
  readonly train: Examples;
  readonly test: Examples;
}

/** @throws Error when the file cannot be fetched or is not what it should be. */
export async function loadDigits(address: string): Promise<Digits> {
  const reply = await fetch(address);
  if (!reply.ok || !reply.body)
    throw new Error(`The digits could not be fetched (${reply.status}).`);
  const unpacked = reply.body.pipeThrough(new DecompressionStream("gzip"));
  const bytes = new Uint8Array(await new Response(unpacked).arrayBuffer());
  if (bytes.length !== (TRAIN + TEST) * (PIXELS + 1)) {
    throw new Error(`The file of digits holds ${bytes.length} bytes, not what the race expects.`);
  }
  const labels = (TRAIN + TEST) * PIXELS;
  const shape = { shape: [14, 14, 1], classes: 10 };
  return {
    train: examplesOf(
      bytes.subarray(0, TRAIN * PIXELS),
      bytes.subarray(labels, labels + TRAIN),
      shape,
    ),
    test: examplesOf(bytes.subarray(TRAIN * PIXELS, labels), bytes.subarray(labels + TRAIN), shape),
  };
}

const [mean, deviation] = [
  MNIST_STATISTICS.mean[0] as number,
  MNIST_STATISTICS.deviation[0] as number,
];

/** Standardised as tier mini's digits are. */
export const preparation: Preparation = {
  shape: [14, 14, 1],
  fill({ inputs }, row, target, offset) {
    for (let i = 0; i < PIXELS; i++) {
      target[offset + i] = ((inputs[row * PIXELS + i] as number) / 255 - mean) / deviation;
    }
  },
};

/** All examples as one `[count, 14, 14, 1]` array. */
export function prepared(examples: Examples): Float32Array {
  const values = new Float32Array(examples.rows.length * PIXELS);
  examples.rows.forEach((row, index) => {
    preparation.fill(examples, row, values, index * PIXELS);
  });
  return values;
}
