/**
 * @file Dropout masks at a fraction of a draw per element. Instead of asking each element whether
 * it is dropped, the gap to the next dropped one is drawn: geometric, P(gap ≥ k) = (1 − rate)ᵏ.
 * At rate 0.1 that is a draw for ten elements; the rest of the mask is one `fill`.
 *
 * The thresholds are products of doubles, so the gaps are the same on every machine.
 */
import { DataError } from "./error.ts";
import type { Stream } from "./prng.ts";

const TABLE_LENGTH = 256;

/**
 * Fills `target` with 0 (with probability `rate`, 0 ≤ rate < 1) and else with 1/(1 − rate), so that
 * the expectation is 1. About `rate · target.length` draws.
 */
export function fillDropoutMask(target: Float32Array, rate: number, random: Stream): void {
  if (!(rate >= 0 && rate < 1)) {
    throw new DataError(
      "bad-argument",
      `Dropout rate ${rate}: allowed is 0 up to, but not including, 1.`,
      "Give the share of elements to drop, such as 0.1.",
    );
  }
  target.fill(1 / (1 - rate));
  if (rate === 0) return;
  const { survival, start } = tableOf(rate);
  for (let i = gap(); i < target.length; i += 1 + gap()) target[i] = 0;

  function gap(): number {
    let length = 0;
    for (;;) {
      const draw = random.uint32();
      let k = start[draw >>> 24] as number;
      while (k < TABLE_LENGTH && draw < (survival[k] as number)) k++;
      length += k;
      // Beyond the table the distribution has no memory: draw the rest of the gap afresh.
      if (k < TABLE_LENGTH) return length;
    }
  }
}

interface GapTable {
  /** survival[k] = P(gap > k), scaled to 2³². */
  readonly survival: Float64Array;
  /** Smallest gap for draws whose upper byte is the index: where the search starts. */
  readonly start: Uint16Array;
}

const tables = new Map<number, GapTable>();

function tableOf(rate: number): GapTable {
  const known = tables.get(rate);
  if (known) return known;
  const survival = new Float64Array(TABLE_LENGTH);
  let probability = 1;
  for (let k = 0; k < TABLE_LENGTH; k++) {
    probability *= 1 - rate;
    survival[k] = probability * 2 ** 32;
  }
  const start = new Uint16Array(256);
  for (let upper = 0; upper < 256; upper++) {
    const largestDraw = upper * 2 ** 24 + (2 ** 24 - 1);
    let k = 0;
    while (k < TABLE_LENGTH && largestDraw < (survival[k] as number)) k++;
    start[upper] = k;
  }
  const table = { survival, start };
  tables.set(rate, table);
  return table;
}
