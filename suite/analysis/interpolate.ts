/** Reading a curve between its points. */
import { at } from "./statistics.ts";

/** y at `place` on the line through (x, y), x ascending; NaN outside the range. */
export function interpolateAt(x: readonly number[], y: readonly number[], place: number): number {
  const last = x.length - 1;
  if (last < 0 || place < at(x, 0) || place > at(x, last)) return Number.NaN;
  let low = 0;
  let high = last;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (at(x, middle) <= place) low = middle;
    else high = middle;
  }
  if (at(x, high) === at(x, low)) return at(y, high);
  const share = (place - at(x, low)) / (at(x, high) - at(x, low));
  return at(y, low) + share * (at(y, high) - at(y, low));
}
