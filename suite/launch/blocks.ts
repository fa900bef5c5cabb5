/** @file Mean milliseconds of a step, one for each round, and how those of two contestants compare. */

/** One entry per round. */
export type Blocks = readonly number[];

export interface BlockTime {
  readonly medianMs: number;
  readonly minimumMs: number;
}

export function timeOf(blocks: Blocks): BlockTime {
  return { medianMs: rounded(median(blocks)), minimumMs: rounded(Math.min(...blocks)) };
}

/** The median over rounds of what two contestants' times in the same round give. */
export function medianOf(a: Blocks, b: Blocks, of: (a: number, b: number) => number): number {
  return rounded(median(a.map((one, round) => of(one, b[round] as number))));
}

export const mean = (values: readonly number[]): number =>
  values.reduce((sum, one) => sum + one, 0) / values.length;

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] as number;
}

const rounded = (value: number): number => Number(value.toPrecision(4));
