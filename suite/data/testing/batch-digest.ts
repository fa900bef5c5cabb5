/** @file For tests: a hash of what a trial of this seed would see, to compare across workers. */
import { createHash } from "node:crypto";
import { trainingBatches } from "../batches.ts";
import { fillDropoutMask } from "../dropout.ts";
import { examplesOf } from "../examples.ts";
import { cropFlipCutout } from "../images/crop-flip-cutout.ts";
import { CIFAR10_STATISTICS } from "../images/normalise.ts";
import { stream } from "../prng.ts";

/** SHA-256 of the batches, dropout masks and normal values of two epochs over made images. */
export function batchDigest(seed: number): string {
  const shape = [8, 8, 3] as const;
  const made = stream(0, "made");
  const pixels = Uint8Array.from({ length: 40 * 192 }, () => made.integer(256));
  const batches = trainingBatches({
    examples: examplesOf(pixels, new Array(40).fill(0), { shape, classes: 1 }),
    preparation: cropFlipCutout(shape, CIFAR10_STATISTICS, { padding: 2, cutout: 4 }),
    batchSize: 10,
    seed,
  });
  const hash = createHash("sha256");
  const dropout = stream(seed, "dropout");
  const mask = new Float32Array(100);
  for (let step = 0; step < 2 * batches.stepsPerEpoch; step++) {
    hash.update(batches.next().inputs);
    fillDropoutMask(mask, 0.1, dropout);
    hash.update(mask);
  }
  return hash.update(stream(seed, "init").normal(1000)).digest("hex");
}
