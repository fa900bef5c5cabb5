/** @file The fastest matrix product that the engine reaches here: what floors are made from. */
import * as tf from "@tensorflow/tfjs-core";
import { flush } from "../engine/index.ts";

const SIZE = 1024;
const ROUNDS = 12;

/** FLOPs per second of a 1024³ product, the best of a few. */
export function gemmRate(): number {
  const a = tf.randomNormal([SIZE, SIZE]);
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const began = performance.now();
    const product = tf.matMul(a, a);
    flush();
    best = Math.min(best, performance.now() - began);
    product.dispose();
  }
  a.dispose();
  return (2 * SIZE ** 3) / (best / 1000);
}
