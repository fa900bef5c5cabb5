/**
 * Seed-to-seed deviation. With three seeds one cell says little about its own spread, so deviations
 * are pooled over neighbouring cells, s² = Σ(nᵢ-1)sᵢ² / Σ(nᵢ-1). That assumes equal variance, so cells
 * with a diverged seed, and their neighbours on the axis, keep their own.
 */
import { squaredDeviations } from "./statistics.ts";

/** The report seeds of one cell. */
export interface SeedValues {
  values: readonly number[];
  /** Report seeds that diverged and entered at chance level. */
  diverged: number;
}

/** A standard deviation and its degrees of freedom (0: unknown). */
export interface Deviation {
  s: number;
  df: number;
}

/** s and df over the cells together; df 0 and s NaN when no cell has two seeds. */
export function pooledDeviation(cells: readonly (readonly number[])[]): Deviation {
  let squares = 0;
  let df = 0;
  for (const values of cells) {
    if (values.length < 2) continue;
    squares += squaredDeviations(values);
    df += values.length - 1;
  }
  return { s: df > 0 ? Math.sqrt(squares / df) : Number.NaN, df };
}

/** Cells of one curve, in axis order, that have no divergence in them or next to them. */
export function calmCells(curve: readonly SeedValues[]): boolean[] {
  return curve.map((_, j) =>
    [j - 1, j, j + 1].every((neighbour) => (curve[neighbour]?.diverged ?? 0) === 0),
  );
}

/**
 * The deviation to use at each cell of some curves: pooled over all calm cells of all curves, the
 * cell's own where it is not calm.
 *
 * @returns per curve, per cell.
 */
export function deviationsOf(curves: readonly (readonly SeedValues[])[]): Deviation[][] {
  const calm = curves.map(calmCells);
  const pooled = pooledDeviation(
    curves.flatMap((curve, c) => curve.filter((_, j) => calm[c]?.[j]).map(({ values }) => values)),
  );
  return curves.map((curve, c) =>
    curve.map((cell, j) => {
      if (calm[c]?.[j]) return pooled;
      const own = pooledDeviation([cell.values]);
      return own.df > 0 ? own : pooled;
    }),
  );
}

/** Of a difference of two means: its standard error and degrees of freedom. */
export interface DifferenceNoise {
  standardError: number;
  df: number;
}

/**
 * s·√(1/n₁ + 1/n₂) where both sides share one deviation; otherwise Welch's sum with the
 * Welch-Satterthwaite degrees of freedom.
 */
export function differenceNoise(
  first: { deviation: Deviation; inverseCount: number },
  second: { deviation: Deviation; inverseCount: number },
): DifferenceNoise {
  const a = first.deviation.s ** 2 * first.inverseCount;
  const b = second.deviation.s ** 2 * second.inverseCount;
  const standardError = Math.sqrt(a + b);
  if (first.deviation === second.deviation) {
    return { standardError, df: first.deviation.df };
  }
  const denominator = a ** 2 / first.deviation.df + b ** 2 / second.deviation.df;
  const df = denominator > 0 ? (a + b) ** 2 / denominator : first.deviation.df;
  return { standardError, df };
}
