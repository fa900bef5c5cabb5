/** Means, deviations, medians and least squares: the arithmetic that the other files share. */

export function sum(values: readonly number[]): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}

/** NaN for no values. */
export function mean(values: readonly number[]): number {
  return sum(values) / values.length;
}

/** Sum of squared deviations from the mean. */
export function squaredDeviations(values: readonly number[]): number {
  const centre = mean(values);
  let total = 0;
  for (const value of values) total += (value - centre) ** 2;
  return total;
}

/** Sample standard deviation, divisor n - 1; NaN below two values. */
export function standardDeviation(values: readonly number[]): number {
  return values.length < 2
    ? Number.NaN
    : Math.sqrt(squaredDeviations(values) / (values.length - 1));
}

/** The middle value, or the mean of the two middle ones; infinities allowed; NaN for no values. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort(ascending);
  const upper = sorted[sorted.length >> 1] ?? Number.NaN;
  if (sorted.length % 2 === 1) return upper;
  const lower = sorted[(sorted.length >> 1) - 1] ?? Number.NaN;
  return lower === upper ? upper : (lower + upper) / 2;
}

/** A comparison that orders infinities, which `a - b` does not. */
export function ascending(a: number, b: number): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Distinct numbers, ascending. */
export function distinct(values: Iterable<number>): number[] {
  return [...new Set(values)].sort(ascending);
}

/** The element at `index`; an index outside the list is a bug in the caller. */
export function at<T>(values: ArrayLike<T>, index: number): T {
  const value = values[index];
  if (value === undefined) {
    throw new RangeError(`Index ${index} is outside a list of ${values.length}.`);
  }
  return value;
}

/** Elements by the key that `keyOf` gives them, keys in order of first appearance. */
export function groupBy<T, K>(values: Iterable<T>, keyOf: (value: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const value of values) {
    const key = keyOf(value);
    const group = groups.get(key);
    if (group) group.push(value);
    else groups.set(key, [value]);
  }
  return groups;
}
