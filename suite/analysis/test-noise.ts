/** The noise of a finite test set, which no number of seeds removes. */

/** Standard error of an accuracy p on n examples: √(p(1-p)/n). */
export function accuracyError(accuracy: number, examples: number): number {
  return Math.sqrt((accuracy * (1 - accuracy)) / examples);
}

/**
 * Standard error of the difference of two accuracies on the *same* n examples, of which `onlyFirst`
 * are right under the first model alone and `onlySecond` under the second alone.
 */
export function pairedAccuracyError(counts: {
  onlyFirst: number;
  onlySecond: number;
  examples: number;
}): number {
  const { onlyFirst, onlySecond, examples } = counts;
  return Math.sqrt(onlyFirst + onlySecond - (onlyFirst - onlySecond) ** 2 / examples) / examples;
}
