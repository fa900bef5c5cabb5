/** @file The random numbers that models and optimizers draw; `data/prng.ts` provides the streams. */

export interface RandomSource {
  /** `count` values in [0, 1). */
  uniform(count: number): Float32Array;
  /** `count` standard normal values. */
  normal(count: number): Float32Array;
}
