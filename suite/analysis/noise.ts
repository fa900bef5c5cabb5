/**
 * Seed-to-seed deviation. With three seeds one cell says little about its own spread, so deviations
 * are pooled over neighbouring cells, s² = Σ(nᵢ-1)sᵢ² / Σ(nᵢ-1). That assumes equal variance, so cells
 * with a diverged seed, and their neighbours on the axis, keep their own; so do cells that spread far
 * wider than the rest (Cochran 1941), like SGD where its rate is almost too large.
 */
import { fUpperTail } from "./distributions.ts";
import { at, squaredDeviations } from "./statistics.ts";

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

/** The chance of calling one of several equal spreads an outlier. */
const OUTLIER_LEVEL = 0.01;

/**
 * Which cells share a spread: the widest is left out as long as its variance, over that of the rest
 * together, is one that chance gives to the widest of so many in 1 % of cases (Cochran 1941, by
 * Bonferroni's bound, for any numbers of seeds).
 */
export function alikeCells(cells: readonly (readonly number[])[]): boolean[] {
  const alike = cells.map(() => true);
  const variance = (j: number) => pooledDeviation([at(cells, j)]).s ** 2;
  for (;;) {
    const inside = cells.flatMap(({ length }, j) => (alike[j] && length > 1 ? [j] : []));
    if (inside.length < 2) return alike;
    const widest = inside.reduce((a, b) => (variance(b) > variance(a) ? b : a));
    const rest = pooledDeviation(inside.filter((j) => j !== widest).map((j) => at(cells, j)));
    const ratio = variance(widest) / rest.s ** 2;
    const p = inside.length * fUpperTail(ratio, at(cells, widest).length - 1, rest.df);
    if (!(p < OUTLIER_LEVEL)) return alike;
    alike[widest] = false;
  }
}

/** Cells of one curve, in axis order, that have no divergence in them or next to them. */
export function calmCells(curve: readonly SeedValues[]): boolean[] {
  return curve.map((_, j) =>
    [j - 1, j, j + 1].every((neighbour) => (curve[neighbour]?.diverged ?? 0) === 0),
  );
}

/**
 * The deviation to use at each cell of some curves: pooled over all cells of all curves that are calm
 * and alike, the cell's own elsewhere.
 *
 * @returns per curve, per cell.
 */
export function deviationsOf(curves: readonly (readonly SeedValues[])[]): Deviation[][] {
  const calm = curves.flatMap(calmCells);
  const cells = curves.flat().map(({ values }) => values);
  const alike = alikeCells(cells.map((values, j) => (calm[j] ? values : [])));
  const shared = cells.map((_, j) => calm[j] === true && alike[j] === true);
  const pooled = pooledDeviation(cells.filter((_, j) => shared[j]));
  let next = 0;
  return curves.map((curve) =>
    curve.map(({ values }) => {
      if (shared[next++]) return pooled;
      const own = pooledDeviation([values]);
      return own.df > 0 ? own : pooled;
    }),
  );
}

/** The deviation of one cell: pooled with those of its neighbours that are like it. */
export function sharedDeviation(
  values: readonly number[],
  neighbours: readonly (readonly number[])[],
): Deviation {
  const cells = [values, ...neighbours];
  const alike = alikeCells(cells);
  return pooledDeviation(alike[0] ? cells.filter((_, j) => alike[j]) : [values]);
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
