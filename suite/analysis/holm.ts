/** Holm 1979: p-values of a family of tests, adjusted so that all can be read at one level. */
import { at } from "./statistics.ts";

/** Adjusted p-values in the order given. */
export function holm(pValues: readonly number[]): number[] {
  const order = pValues.map((_, index) => index).sort((a, b) => at(pValues, a) - at(pValues, b));
  const adjusted = [...pValues];
  let largest = 0;
  order.forEach((index, rank) => {
    largest = Math.max(largest, Math.min(1, (pValues.length - rank) * at(pValues, index)));
    adjusted[index] = largest;
  });
  return adjusted;
}
