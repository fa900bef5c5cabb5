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

/**
 * `count` configurations spread evenly over `space`: the additive recurrence with the generalised
 * golden ratio (Roberts 2018), shifted by ½. The same for every method of equal dimension, and a
 * longer search begins with the shorter one, so that budgets are comparable.
 */
export function quasiRandomConfigurations(space: SearchSpace, count: number): Configuration[] {
  const names = Object.keys(space);
  const steps = recurrenceSteps(names.length);
  return Array.from({ length: count }, (_, index) =>
    Object.fromEntries(
      names.map((name, axis) => {
        const position = (0.5 + (index + 1) * (steps[axis] as number)) % 1;
        return [name, valueAt(space[name] as SearchDimension, position)];
      }),
    ),
  );
}

/** 1/φ, 1/φ², … with φ the root of φ^(d+1) = φ + 1. */
function recurrenceSteps(dimensions: number): number[] {
  let phi = 2;
  for (let round = 0; round < 60; round++) phi = (1 + phi) ** (1 / (dimensions + 1));
  return Array.from({ length: dimensions }, (_, axis) => (1 / phi) ** (axis + 1));
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
