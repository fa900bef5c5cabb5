/** @file Nested arrays, as JSON holds tensors. */

export type Nested = number | readonly Nested[];

export function flat(values: Nested): Float32Array {
  return Float32Array.from(typeof values === "number" ? [values] : flatten(values));
}

const flatten = (values: readonly Nested[]): number[] =>
  values.flatMap((value) => (typeof value === "number" ? [value] : flatten(value)));

export function shapeOf(values: Nested): number[] {
  return typeof values === "number" ? [] : [values.length, ...shapeOf(values[0] ?? 0)];
}

/** Largest over tensors of max|actual − expected| / max|expected|, as the oracles measure it. */
export function deviation(
  actual: Readonly<Record<string, ArrayLike<number>>>,
  expected: Readonly<Record<string, Nested>>,
): number {
  let worst = 0;
  for (const [name, nested] of Object.entries(expected)) {
    const want = Float64Array.from(typeof nested === "number" ? [nested] : flatten(nested));
    const got = actual[name];
    if (!got || got.length !== want.length) return Number.POSITIVE_INFINITY;
    const scale = want.reduce((max, value) => Math.max(max, Math.abs(value)), 0) || 1;
    want.forEach((value, i) => {
      const gap = Math.abs((got[i] as number) - value) / scale;
      // Not `gap > worst`: NaN must count as infinitely far.
      if (!(gap <= worst)) worst = Number.isNaN(gap) ? Number.POSITIVE_INFINITY : gap;
    });
  }
  return worst;
}
