/**
 * Ranks that do not pretend: a *range* from how many are surely better and surely worse, and the group
 * that cannot be told from the leader.
 */
import { studentTTwoSided } from "./distributions.ts";
import { holm } from "./holm.ts";
import type { DifferenceNoise } from "./noise.ts";
import { at } from "./statistics.ts";

/** Ranks that are possible, 1 = best. */
export interface RankRange {
  best: number;
  worst: number;
}

/** 1 + #surely better … n - #surely worse. */
export function rankRanges(
  count: number,
  surelyBetter: (one: number, other: number) => boolean,
): RankRange[] {
  return Array.from({ length: count }, (_, one) => {
    let better = 0;
    let worse = 0;
    for (let other = 0; other < count; other++) {
      if (other === one) continue;
      if (surelyBetter(other, one)) better++;
      else if (surelyBetter(one, other)) worse++;
    }
    return { best: 1 + better, worst: count - worse };
  });
}

/** Ranks of oriented values, 1 = highest; equal values share the average of their ranks. */
export function averageRanks(values: readonly number[]): number[] {
  return values.map((value) => {
    const above = values.filter((other) => other > value).length;
    const equal = values.filter((other) => other === value).length;
    return above + (equal + 1) / 2;
  });
}

/** A difference and its noise become a two-sided p-value; 1 when nothing is known or differs. */
export function differencePValue(difference: number, noise: DifferenceNoise): number {
  if (difference === 0 || !(noise.df > 0)) return 1;
  return studentTTwoSided(difference / noise.standardError, noise.df);
}

export const SIGNIFICANCE = 0.05;

/**
 * Who is surely better than whom: all pairs tested, Holm over the pairs.
 *
 * @param compare the difference `one - other` (oriented) with its noise; null: not comparable.
 */
export function surelyBetter(
  count: number,
  compare: (one: number, other: number) => { difference: number; noise: DifferenceNoise } | null,
): (one: number, other: number) => boolean {
  const pairs: { one: number; other: number; difference: number; p: number }[] = [];
  for (let one = 0; one < count; one++) {
    for (let other = one + 1; other < count; other++) {
      const found = compare(one, other);
      if (!found) continue;
      const p = differencePValue(found.difference, found.noise);
      pairs.push({ one, other, difference: found.difference, p });
    }
  }
  const adjusted = holm(pairs.map(({ p }) => p));
  const better = new Set<number>();
  pairs.forEach(({ one, other, difference }, index) => {
    if (at(adjusted, index) >= SIGNIFICANCE) return;
    better.add(difference > 0 ? one * count + other : other * count + one);
  });
  return (one, other) => better.has(one * count + other);
}
