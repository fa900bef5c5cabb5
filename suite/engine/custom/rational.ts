/**
 * @file x^(−1/p) on [ℓ, 1] as a sum of simple fractions, so that an inverse p-th root of a matrix
 * becomes a weighted sum of inverses:
 *
 *   x^(−1/p) ≈ c + Σⱼ wⱼ/(x + sⱼ),   c, wⱼ, sⱼ > 0
 *
 * The function is interpolated at Zolotarev's points x_k = dn²((2k−1)K/(2N), √(1−ℓ)), N = 2m+1,
 * which are optimal for a function with its branch cut on the negative axis; the interpolant of such
 * a function has its m poles on that axis and positive weights. Its relative error falls by
 * exp(−π²/ln(16/ℓ)·2) per pole: for ℓ = 1e-6 eight give 1e-4, fourteen 1e-7.
 */

import type { Precision } from "./kernels.ts";

export interface SimpleFractions {
  readonly constant: number;
  readonly shifts: readonly number[];
  readonly weights: readonly number[];
  /** Largest relative error on [ℓ, 1]. */
  readonly error: number;
}

/** What decides how many fractions an inverse root needs. */
export interface RootAttributes {
  readonly p: number;
  /** ρ, relative to the largest eigenvalue. */
  readonly ridge: number;
  readonly precision: Precision;
}

/** Eigenvalues smaller than this, relative to the largest, are not resolved. */
const SMALLEST = 1e-12;

/** Fractions for the spectrum that a ridge leaves: in float32 no closer than rounding allows. */
export function rootFractions({ p, ridge, precision }: RootAttributes): SimpleFractions {
  const lowest = Math.max(ridge / (1 + ridge), SMALLEST);
  const single = Math.min(2e-4, Math.max(1e-6, 2e-10 / lowest));
  const tolerance = precision === "float64" ? 1e-7 : single;
  return inverseRootFractions(p, lowest, tolerance);
}

const MAX_POLES = 40;

/**
 * The shortest such sum with a relative error of at most `tolerance`.
 *
 * @param p more than 1
 * @param lowest ℓ, in (0, 1)
 * @throws Error where double precision does not reach the tolerance
 */
export function inverseRootFractions(
  p: number,
  lowest: number,
  tolerance: number,
): SimpleFractions {
  const key = `${p} ${lowest} ${tolerance}`;
  let known = cache.get(key);
  if (known === undefined) {
    known = search(p, lowest, tolerance);
    cache.set(key, known);
  }
  return known;
}

const cache = new Map<string, SimpleFractions>();

function search(p: number, lowest: number, tolerance: number): SimpleFractions {
  // The best approximation has an error of about 4 exp(−rate·poles), times at most 1.
  const rate = (2 * Math.PI ** 2) / Math.log(16 / lowest);
  const fewest = Math.max(1, Math.floor(Math.log(0.25 / tolerance) / rate));
  for (let poles = fewest; poles <= MAX_POLES; poles++) {
    const fractions = interpolate((x) => x ** (-1 / p), lowest, poles);
    if (fractions && fractions.error <= tolerance) return fractions;
  }
  throw new Error(
    `x^(-1/${p}) on [${lowest}, 1] cannot be had with relative error ${tolerance} in double precision; choose a larger ridge or tolerance.`,
  );
}

/** The rational function of type (m, m) through 2m + 1 points; null where rounding spoils it. */
function interpolate(
  f: (x: number) => number,
  lowest: number,
  poles: number,
): SimpleFractions | null {
  const points = zolotarevPoints(lowest, 2 * poles + 1);
  // Barycentric form: m + 1 support points, and weights that make it meet the m others.
  const support = points.filter((_, i) => i % 2 === 0);
  const others = points.filter((_, i) => i % 2 === 1);
  const weights = nullVector(
    others.map((t) => support.map((z) => (f(t) - f(z)) / ((t - z) * f(t)))),
  );
  const denominator = (x: number) => sum(support, (z, i) => (weights[i] as number) / (x - z));
  const numerator = (x: number) =>
    sum(support, (z, i) => ((weights[i] as number) * f(z)) / (x - z));
  const slope = (x: number) => sum(support, (z, i) => -(weights[i] as number) / (x - z) ** 2);

  const shifts = negativeRoots(denominator, lowest);
  if (shifts.length !== poles) return null;
  const residues = shifts.map((s) => numerator(-s) / slope(-s));
  const constant = sum(support, (z, i) => (weights[i] as number) * f(z)) / sum(weights, (w) => w);
  if (!(constant > 0 && residues.every((w) => w > 0))) return null;

  const error = worstError(f, lowest, (x) => {
    return constant + sum(shifts, (s, j) => (residues[j] as number) / (x + s));
  });
  return { constant, shifts, weights: residues, error };
}

/** `dn²` at N points between 0 and K, ascending from near ℓ to near 1; dn by descending Landen. */
function zolotarevPoints(lowest: number, count: number): number[] {
  const a = [1];
  const c = [Math.sqrt(1 - lowest)];
  let complement = Math.sqrt(lowest);
  while ((c.at(-1) as number) > 1e-16) {
    const previous = a.at(-1) as number;
    const next = (previous + complement) / 2;
    c.push((c.at(-1) as number) ** 2 / (4 * next));
    complement = Math.sqrt(previous * complement);
    a.push(next);
  }
  const levels = a.length - 1;
  return Array.from({ length: count }, (_, k) => {
    let phase = (2 ** levels * Math.PI * (2 * (count - k) - 1)) / (4 * count);
    for (let i = levels; i > 0; i--) {
      const ratio = ((c[i] as number) / (a[i] as number)) * Math.sin(phase);
      phase = (phase + Math.asin(Math.max(-1, Math.min(1, ratio)))) / 2;
    }
    return Math.cos(phase) ** 2 + lowest * Math.sin(phase) ** 2;
  });
}

/** A vector that an m × (m + 1) matrix maps to zero, by elimination with complete pivoting. */
function nullVector(rows: number[][]): number[] {
  const m = rows.length;
  // Columns of norm 1, so that a pivot's size means something.
  const norms = Array.from({ length: m + 1 }, (_, j) => Math.hypot(...rows.map((r) => at(r, j))));
  const matrix = rows.map((row) => row.map((value, j) => value / at(norms, j)));
  const columns = Array.from({ length: m + 1 }, (_, j) => j);
  for (let k = 0; k < m; k++) {
    let [pivotRow, pivotColumn] = [k, k];
    for (let i = k; i < m; i++) {
      for (let j = k; j <= m; j++) {
        const size = Math.abs(at(at(matrix, i), at(columns, j)));
        if (size > Math.abs(at(at(matrix, pivotRow), at(columns, pivotColumn)))) {
          [pivotRow, pivotColumn] = [i, j];
        }
      }
    }
    [matrix[k], matrix[pivotRow]] = [at(matrix, pivotRow), at(matrix, k)];
    [columns[k], columns[pivotColumn]] = [at(columns, pivotColumn), at(columns, k)];
    const pivot = at(matrix, k);
    for (const row of matrix.slice(k + 1)) {
      const factor = at(row, at(columns, k)) / at(pivot, at(columns, k));
      for (const j of columns.slice(k)) row[j] = at(row, j) - factor * at(pivot, j);
    }
  }
  const solution: number[] = new Array(m + 1).fill(0);
  solution[at(columns, m)] = 1;
  for (let k = m - 1; k >= 0; k--) {
    const row = at(matrix, k);
    const rest = sum(columns.slice(k + 1), (j) => at(row, j) * at(solution, j));
    solution[at(columns, k)] = -rest / at(row, at(columns, k));
  }
  return solution.map((value, j) => value / at(norms, j));
}

const ROOT_SAMPLES = 4000;
/** Poles lie within this factor (as a logarithm) of [ℓ, 1]. */
const ROOT_MARGIN = 12;

/** The s > 0 with g(−s) = 0, ascending: sign changes on a logarithmic grid, then bisection. */
function negativeRoots(g: (x: number) => number, lowest: number): number[] {
  const start = Math.log(lowest) - ROOT_MARGIN;
  const step = (ROOT_MARGIN - start) / ROOT_SAMPLES;
  const value = (u: number) => g(-Math.exp(u));
  const roots: number[] = [];
  let before = value(start);
  for (let i = 1; i <= ROOT_SAMPLES; i++) {
    const after = value(start + i * step);
    if (before < 0 !== after < 0) {
      let [low, high] = [start + (i - 1) * step, start + i * step];
      for (let k = 0; k < 60; k++) {
        const middle = (low + high) / 2;
        if (value(middle) < 0 === before < 0) low = middle;
        else high = middle;
      }
      roots.push(Math.exp(low));
    }
    before = after;
  }
  return roots;
}

function worstError(
  f: (x: number) => number,
  lowest: number,
  approximation: (x: number) => number,
): number {
  let worst = 0;
  for (let i = 0; i <= ROOT_SAMPLES; i++) {
    const x = Math.exp(Math.log(lowest) * (1 - i / ROOT_SAMPLES));
    worst = Math.max(worst, Math.abs(approximation(x) / f(x) - 1));
  }
  return worst;
}

function at<T>(values: readonly T[], index: number): T {
  return values[index] as T;
}

function sum(values: readonly number[], term: (value: number, index: number) => number): number {
  return values.reduce((total, value, i) => total + term(value, i), 0);
}
