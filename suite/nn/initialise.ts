/** @file Initial values of parameters, as PyTorch's modules draw them. */
import type { RandomSource } from "./random.ts";

/** U(−1/√fanIn, 1/√fanIn): PyTorch's default for linear and convolution weights and biases. */
export function uniformByFanIn(random: RandomSource, size: number, fanIn: number): Float32Array {
  const bound = 1 / Math.sqrt(fanIn);
  return random.uniform(size).map((u) => (2 * u - 1) * bound);
}

/** N(0, 2/fanIn): He et al. 2015, for layers followed by ReLU. */
export function heNormal(random: RandomSource, size: number, fanIn: number): Float32Array {
  return normal(random, size, Math.sqrt(2 / fanIn));
}

/** N(0, standardDeviation²). */
export function normal(
  random: RandomSource,
  size: number,
  standardDeviation: number,
): Float32Array {
  return random.normal(size).map((z) => z * standardDeviation);
}

/** Every entry `value`. */
export function constant(size: number, value: number): Float32Array {
  return new Float32Array(size).fill(value);
}
