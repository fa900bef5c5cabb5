/**
 * @file Standard normal values of 32-bit draws, in float32: quantiles of (draw + ½)·2⁻³², rounded.
 *
 * A polynomial finds them in most cases. It is good to `BOUND`; where a value that close could round
 * to another float32, about 0.3 % of draws, `normalQuantile` decides. So the bits are those of
 * `normalQuantile`, and the table's own last bits do not matter.
 */
import { normalQuantile } from "./normal-quantile.ts";

const SEGMENT_BITS = 8;
const SEGMENTS = 2 ** SEGMENT_BITS;
/** Of the lower half of the draws, whose mirror image the upper half is. */
const OCTAVES = 31;
/** The first octave that has as many draws as segments. */
const FIRST_OCTAVE = SEGMENT_BITS;
const TERM_BITS = 2;
const TERMS = 2 ** TERM_BITS;
/** Draws on either side of a segment's centre are at most 1/512 of it away: the next term is below 4e-12. */
const BOUND = 1e-11;

const exact = (draw: number) => normalQuantile((draw + 0.5) * 2 ** -32);

/** Of each segment, an octave's 256th part: the Taylor polynomial around its centre, in units of half a draw. */
const COEFFICIENTS = taylorTable();

function taylorTable(): Float64Array {
  const table = new Float64Array((OCTAVES - FIRST_OCTAVE) * SEGMENTS * TERMS);
  for (let octave = FIRST_OCTAVE; octave < OCTAVES; octave++) {
    for (let segment = 0; segment < SEGMENTS; segment++) {
      const z = exact(centreOf(octave, segment));
      // dz/dp = 1/φ(z), and φ′ = −zφ.
      const slope = Math.sqrt(2 * Math.PI) * Math.exp((z * z) / 2) * 2 ** -33;
      const terms = [z, slope, (z * slope ** 2) / 2, ((1 + 2 * z * z) * slope ** 3) / 6];
      table.set(terms, ((octave - FIRST_OCTAVE) * SEGMENTS + segment) * TERMS);
    }
  }
  return table;
}

function centreOf(octave: number, segment: number): number {
  return 2 ** octave + (segment + 0.5) * 2 ** (octave - SEGMENT_BITS);
}

/**
 * The values of as many draws. One loop, and nothing called in it that returns a fraction: V8 would
 * make an object of each.
 *
 * @param draws integers of −2³¹ to 2³¹ − 1: 32 bits without a sign; may lie where the values will
 */
export function normalsOfDraws(draws: Int32Array, values: Float32Array): void {
  const table = COEFFICIENTS;
  for (let i = 0; i < draws.length; i++) {
    const draw = draws[i] as number;
    const lower = draw ^ (draw >> 31);
    // Not a condition: the processor would guess wrong every other time.
    const sign = (draw >> 31) | 1;
    const shift = 31 - FIRST_OCTAVE - Math.clz32(lower);
    if (shift >= 0) {
      const segment = lower >>> shift;
      const x = (lower << 1) - (((segment << 1) | 1) << shift);
      // Shifts, not products: V8 would check those for overflow.
      const at = ((shift << SEGMENT_BITS) + segment - SEGMENTS) << TERM_BITS;
      const rest = (table[at + 2] as number) + x * (table[at + 3] as number);
      const z = (table[at] as number) + x * ((table[at + 1] as number) + x * rest);
      const rounded = Math.fround(z - BOUND);
      if (rounded === Math.fround(z + BOUND)) {
        values[i] = rounded * sign;
        continue;
      }
    }
    values[i] = exact(lower) * sign;
  }
}
