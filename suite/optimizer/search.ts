/** @file Where hyperparameters are looked for: a space per method, a quasi-random walk through it. */

/** One setting of some hyperparameters. */
export type Configuration = Readonly<Record<string, number | string | boolean>>;

/** The values that one hyperparameter may take in a search. */
export type SearchDimension =
  | { readonly kind: "log-uniform"; readonly low: number; readonly high: number }
  | { readonly kind: "uniform"; readonly low: number; readonly high: number }
  | { readonly kind: "choice"; readonly values: readonly (number | string | boolean)[] };

export type SearchSpace = Readonly<Record<string, SearchDimension>>;

/** A grid: the values to be combined with each other. */
export type Grid = Readonly<Record<string, readonly (number | string | boolean)[]>>;

export const logUniform = (low: number, high: number): SearchDimension => ({
  kind: "log-uniform",
  low,
  high,
});
export const uniform = (low: number, high: number): SearchDimension => ({
  kind: "uniform",
  low,
  high,
});
export const choice = (...values: (number | string | boolean)[]): SearchDimension => ({
  kind: "choice",
  values,
});

/** All combinations, the last name varying fastest. */
export function gridConfigurations(grid: Grid): Configuration[] {
  return Object.entries(grid).reduce<Configuration[]>(
    (rows, [name, values]) =>
      rows.flatMap((row) => values.map((value) => ({ ...row, [name]: value }))),
    [{}],
  );
}

/** Points that should lie in the middle of equal strata: about as many as a budget has. */
const CENTRED = 8;

/**
 * `count` configurations spread evenly over `space`: Halton's sequence (1960), shifted so that the
 * first 8 points or the next power of the base lie in the middle of equal strata, in each dimension.
 * The same for every method of equal dimension, and a longer search begins with the shorter one, so
 * that budgets are comparable. An additive recurrence (Roberts 2018) will not do: in two dimensions
 * its first 12 points have but four different places in the first.
 */
export function quasiRandomConfigurations(space: SearchSpace, count: number): Configuration[] {
  const names = Object.keys(space);
  const bases = primes(names.length);
  return Array.from({ length: count }, (_, index) =>
    Object.fromEntries(
      names.map((name, axis) => [
        name,
        valueAt(space[name] as SearchDimension, haltonPoint(index, bases[axis] as number)),
      ]),
    ),
  );
}

/** The first `count`: a base for each dimension, the smallest spread the most evenly. */
function primes(count: number): number[] {
  const found: number[] = [];
  for (let next = 2; found.length < count; next++) {
    if (found.every((prime) => next % prime !== 0)) found.push(next);
  }
  return found;
}

/** The digits of `index` mirrored at the point, and the shift; in [0, 1). */
function haltonPoint(index: number, base: number): number {
  let point = 0;
  let digit = 1 / base;
  for (let rest = index; rest > 0; rest = Math.floor(rest / base)) {
    point += (rest % base) * digit;
    digit /= base;
  }
  let strata = base;
  while (strata < CENTRED) strata *= base;
  return (point + 0.5 / strata) % 1;
}

function valueAt(dimension: SearchDimension, position: number): number | string | boolean {
  switch (dimension.kind) {
    case "choice":
      return dimension.values[Math.floor(position * dimension.values.length)] as number;
    case "uniform":
      return threeDigits(dimension.low + position * (dimension.high - dimension.low));
    case "log-uniform":
      return threeDigits(dimension.low * (dimension.high / dimension.low) ** position);
  }
}

/** Rounded so that a command line can carry the value exactly. */
const threeDigits = (value: number): number => Number(value.toPrecision(3));
