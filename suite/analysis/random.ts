/**
 * A small seeded generator, so that every resampled number can be computed again. sfc32 (Chris
 * Doty-Humphrey's "small fast counting" generator, which passes PractRand), and the two continuous
 * distributions that the intervals draw from.
 */

/** Stored with every result that was resampled. */
export const RESAMPLING_SEED = 20_240_507;

/** Replicates of a random bootstrap. */
export const REPLICATES = 10_000;

/** Uniform on [0, 1), 32 bits. */
export type Random = () => number;

/** A generator whose whole stream follows from `seed` (any 32-bit integer). */
export function randomFrom(seed: number): Random {
  let a = 0x9e3779b9;
  let b = 0x243f6a88;
  let c = seed | 0;
  let counter = 1;
  const next = () => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return (sum >>> 0) / 4_294_967_296;
  };
  for (let warmUp = 0; warmUp < 12; warmUp++) next();
  return next;
}

/** A seed for a named part of a computation, so that its stream does not depend on the others'. */
export function seedOf(...parts: readonly (string | number)[]): number {
  let hash = 0x811c9dc5;
  for (const character of parts.join("|")) {
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
  }
  return hash | 0;
}

/** An index below `count`. */
export function drawIndex(random: Random, count: number): number {
  return Math.floor(random() * count);
}

const POOL = 1 << 16;
const pools = new Map<number, Float64Array>();

/**
 * A sampler of Student's t that draws from a remembered pool of 65,536 exact deviates: several times
 * as fast, for the replicates of crossovers.
 */
export function studentTSampler(df: number): (random: Random) => number {
  const known = pools.get(df);
  const fill = randomFrom(RESAMPLING_SEED);
  const pool = known ?? Float64Array.from({ length: POOL }, () => drawStudentT(fill, df));
  pools.set(df, pool);
  return (random) => pool[(random() * POOL) | 0] as number;
}

/** A standard normal deviate (Marsaglia's polar method, one of the pair). */
export function drawNormal(random: Random): number {
  for (;;) {
    const u = 2 * random() - 1;
    const v = 2 * random() - 1;
    const w = u * u + v * v;
    if (w > 0 && w < 1) return u * Math.sqrt((-2 * Math.log(w)) / w);
  }
}

/** Student's t with `df` degrees of freedom, df > 0 (Bailey 1994, polar method). */
export function drawStudentT(random: Random, df: number): number {
  for (;;) {
    const u = 2 * random() - 1;
    const v = 2 * random() - 1;
    const w = u * u + v * v;
    if (w > 0 && w < 1) return u * Math.sqrt((df * (w ** (-2 / df) - 1)) / w);
  }
}
