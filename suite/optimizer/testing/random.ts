/** @file A seeded source for tests that can be saved and restored, as the trial's streams can. */
import type { RandomSource } from "../../nn/random.ts";

export interface SavedSource extends RandomSource {
  save(): number;
  restore(state: number): void;
}

/** Mulberry32 (T. Ettinger, public domain), normals by Box and Muller. */
export function seededSource(seed: number): SavedSource {
  let state = seed;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const normal = () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
  return {
    uniform: (count) => Float32Array.from({ length: count }, () => Math.min(next(), 1 - 2 ** -24)),
    normal: (count) => Float32Array.from({ length: count }, normal),
    save: () => state,
    restore: (saved) => {
      state = saved;
    },
  };
}
