/** @file Steps at which something is looked at. */

/** `count` steps from 0 to `steps`, both included, evenly spaced; fewer if there are fewer steps. */
export function evenlySpaced(steps: number, count: number): number[] {
  const last = Math.max(1, Math.min(count, steps + 1) - 1);
  return [...new Set(Array.from({ length: last + 1 }, (_, i) => Math.round((i * steps) / last)))];
}
