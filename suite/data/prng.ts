/**
 * @file The random numbers of Crossover. One generator, xoroshiro128+ (Blackman and Vigna 2018; the
 * implementation of `pure-rand`, 32 bits a draw), and one stream per purpose, so that drawing more
 * of one thing never moves another: a stream's start is a hash of the seed and of its name.
 *
 * Names in use: "init", "order", "augmentation", "dropout", "labels", "probe", "sketch".
 *
 * The same numbers on every machine: integers are exact, floats are integers times a power of two,
 * normals are made of operations that IEEE 754 rounds exactly (`normal-quantile.ts`).
 */
import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plusFromState } from "pure-rand/generator/xoroshiro128plus";
import type { RandomSource } from "../nn/random.ts";
import { DataError, requireInteger } from "./error.ts";
import { murmur3 } from "./murmur3.ts";
import { normalsOfDraws } from "./normal-draw.ts";

/** A stream's state, as JSON: four 32-bit integers. */
export type StreamState = readonly number[];

/** A stream of random numbers. Every method moves it on by the draws it states. */
export interface Stream extends RandomSource {
  /** An integer of 0 to 2³² − 1. One draw. */
  uint32(): number;
  /** A double in [0, 1), a multiple of 2⁻³². One draw. */
  float(): number;
  /** An integer of 0 to `below` − 1, all equally likely. One draw, seldom more. */
  integer(below: number): number;
  /** Fills with floats in [0, 1), multiples of 2⁻²⁴. One draw each. */
  fillUniform(target: Float32Array): void;
  /** Fills with standard normal values: quantiles of (draw + ½)·2⁻³². One draw each; |z| < 6.4. */
  fillNormal(target: Float32Array): void;
  /** Puts `values` into a random order, in place (Fisher and Yates): length − 1 draws or more. */
  shuffle(values: Int32Array): void;
  save(): StreamState;
  restore(state: StreamState): void;
}

/**
 * The stream `name` of `seed`: the same numbers whenever and wherever it is asked for.
 * @throws DataError "bad-argument" unless `seed` is a safe integer ≥ 0.
 */
export function stream(seed: number, name: string): Stream {
  requireInteger(
    "Seed",
    seed,
    [0, Number.MAX_SAFE_INTEGER],
    "Give a small whole number, such as 0.",
  );
  const label = `${seed}/${name}`;
  return fromState([0, 1, 2, 3].map((word) => murmur3(label, word) | 0));
}

function fromState(state: StreamState): Stream {
  let generator = generatorFrom(state);
  const self: Stream = {
    uint32: () => generator.next() >>> 0,
    float: () => (generator.next() >>> 0) * 2 ** -32,
    integer: (below) => uniformInt(generator, 0, below - 1),
    uniform(count) {
      const values = new Float32Array(count);
      self.fillUniform(values);
      return values;
    },
    normal(count) {
      const values = new Float32Array(count);
      self.fillNormal(values);
      return values;
    },
    fillUniform(target) {
      for (let i = 0; i < target.length; i++) target[i] = (generator.next() >>> 8) * 2 ** -24;
    },
    fillNormal(target) {
      const draws = new Int32Array(target.buffer, target.byteOffset, target.length);
      for (let i = 0; i < draws.length; i++) draws[i] = generator.next();
      normalsOfDraws(draws, target);
    },
    shuffle(values) {
      for (let last = values.length - 1; last > 0; last--) {
        const other = uniformInt(generator, 0, last);
        const value = values[last] as number;
        values[last] = values[other] as number;
        values[other] = value;
      }
    },
    save: () => [...generator.getState()],
    restore(saved) {
      generator = generatorFrom(saved);
    },
  };
  return self;
}

function generatorFrom(state: StreamState) {
  const valid =
    Array.isArray(state) &&
    state.length === 4 &&
    state.every((word) => Number.isInteger(word) && (word | 0) === word) &&
    state.some((word) => word !== 0);
  if (!valid) {
    throw new DataError(
      "bad-state",
      `The state of a random stream is ${JSON.stringify(state)}: allowed are four 32-bit integers, not all 0.`,
      "Restore from a checkpoint that this version wrote, or start the trial again.",
    );
  }
  return xoroshiro128plusFromState([...state]);
}
