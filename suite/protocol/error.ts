/** @file Wrong use: what was given, what is allowed, what to do. Commands exit with code 2 on it. */

export class UsageError extends Error {
  readonly hint: string;

  constructor(message: string, hint: string) {
    super(message);
    this.hint = hint;
  }
}

/** An unknown name, with the known ones and the nearest of them. */
export function unknownName(kind: string, given: string, known: readonly string[]): UsageError {
  const nearest = [...known].sort((a, b) => distance(given, a) - distance(given, b))[0];
  const guess = nearest && distance(given, nearest) <= 3 ? ` Did you mean "${nearest}"?` : "";
  return new UsageError(`There is no ${kind} "${given}".${guess}`, `Known: ${known.join(", ")}.`);
}

/** Levenshtein distance. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min((row[j] as number) + 1, (next[j - 1] as number) + 1, replaced));
    }
    row = next;
  }
  return row[b.length] as number;
}
