/**
 * @file A standard normal value of a 32-bit draw, in float32: the quantile of (draw + ½)·2⁻³², rounded.
 *
 * A polynomial finds it in most cases, in half the time. It is good to `BOUND`; where a value that
 * close could round to another float32, about 0.3 % of draws, `normalQuantile` decides. So the bits
 * are those of `normalQuantile`, and the table's own last bits do not matter.
 */
import { normalQuantile } from "./normal-quantile.ts";

const SEGMENT_BITS = 8;
const SEGMENTS = 2 ** SEGMENT_BITS;
/** Of the lower half of the draws, whose mirror image the upper half is. */
const OCTAVES = 31;
const TERMS = 4;
/** Draws on either side of a segment's centre are at most 1/512 of it away: the next term is below 4e-12. */
const BOUND = 1e-11;

const exact = (draw: number) => normalQuantile((draw + 0.5) * 2 ** -32);

/** Of each segment, an octave's 256th part: the Taylor polynomial around its centre, in units of draws. */
const COEFFICIENTS = taylorTable();

function taylorTable(): Float64Array {
  const table = new Float64Array(OCTAVES * SEGMENTS * TERMS);
  for (let octave = SEGMENT_BITS; octave < OCTAVES; octave++) {
    for (let segment = 0; segment < SEGMENTS; segment++) {
      const z = exact(centreOf(octave, segment));
      // dz/dp = 1/φ(z), and φ′ = −zφ.
      const slope = Math.sqrt(2 * Math.PI) * Math.exp((z * z) / 2) * 2 ** -32;
      const terms = [z, slope, (z * slope ** 2) / 2, ((1 + 2 * z * z) * slope ** 3) / 6];
      table.set(terms, (octave * SEGMENTS + segment) * TERMS);
    }
  }
  return table;
}

function centreOf(octave: number, segment: number): number {
  return 2 ** octave + (segment + 0.5) * 2 ** (octave - SEGMENT_BITS);
}

/** @param draw an integer of −2³¹ to 2³¹ − 1: 32 bits without a sign */
export function normalOfDraw(draw: number): number {
  const lower = draw ^ (draw >> 31);
  const octave = 31 - Math.clz32(lower);
  let z: number;
  if (octave < SEGMENT_BITS) z = exact(lower);
  else {
    const shift = octave - SEGMENT_BITS;
    const segment = lower >>> shift;
    const x = lower - (segment << shift) - 0.5 * (1 << shift);
    const at = (octave * SEGMENTS + segment - SEGMENTS) * TERMS;
    const c = COEFFICIENTS;
    const rest = (c[at + 2] as number) + x * (c[at + 3] as number);
    z = (c[at] as number) + x * ((c[at + 1] as number) + x * rest);
    if (Math.fround(z - BOUND) !== Math.fround(z + BOUND)) z = exact(lower);
  }
  // Not a condition: the processor would guess wrong every other time.
  return z * ((draw >> 31) | 1);
}
