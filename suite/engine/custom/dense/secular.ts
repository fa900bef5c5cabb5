/**
 * @file Eigenvalues of a diagonal matrix plus a rank-one one, `D + ρ z zᵀ`: the roots of
 *
 *   f(λ) = 1 + ρ Σⱼ zⱼ²/(dⱼ − λ),   ρ > 0,  d ascending, all zⱼ ≠ 0
 *
 * one in each interval between neighbouring d. Gu & Eisenstat 1995: differences from the nearest d
 * are kept instead of the roots, and z is recomputed from them, so that eigenvectors come out
 * orthogonal however close the roots are.
 */

export interface RankOneUpdate {
  /** Roots, ascending, `[k]`. */
  readonly values: Float64Array;
  /** Row i is the unit eigenvector of root i, `[k, k]`. */
  readonly vectors: Float64Array;
}

const MAX_ROUNDS = 100;

export function rankOneEigen(d: Float64Array, z: Float64Array, rho: number): RankOneUpdate {
  const k = d.length;
  const values = new Float64Array(k);
  // Row i holds dⱼ − λᵢ for all j.
  const gaps = new Float64Array(k * k);
  for (let i = 0; i < k; i++) {
    const { origin, offset } = root(d, z, rho, i);
    const base = d[origin] as number;
    values[i] = base + offset;
    for (let j = 0; j < k; j++) gaps[i * k + j] = (d[j] as number) - base - offset;
  }
  const weights = recomputedWeights(d, z, rho, gaps);
  for (let i = 0; i < k; i++) {
    let norm = 0;
    for (let j = 0; j < k; j++) {
      const component = (weights[j] as number) / (gaps[i * k + j] as number);
      gaps[i * k + j] = component;
      norm += component * component;
    }
    const scale = 1 / Math.sqrt(norm);
    for (let j = 0; j < k; j++) gaps[i * k + j] = (gaps[i * k + j] as number) * scale;
  }
  return { values, vectors: gaps };
}

/** Löwner's formula: the z for which the computed roots are exact. */
function recomputedWeights(
  d: Float64Array,
  z: Float64Array,
  rho: number,
  gaps: Float64Array,
): Float64Array {
  const k = d.length;
  return Float64Array.from({ length: k }, (_, j) => {
    let product = -(gaps[j * k + j] as number) / rho;
    for (let i = 0; i < k; i++) {
      if (i === j) continue;
      product *= (gaps[i * k + j] as number) / ((d[j] as number) - (d[i] as number));
    }
    return Math.sign(z[j] as number) * Math.sqrt(Math.abs(product));
  });
}

/** Root i as an offset from d[origin], the nearer end of its interval. */
function root(
  d: Float64Array,
  z: Float64Array,
  rho: number,
  i: number,
): { origin: number; offset: number } {
  const k = d.length;
  let width: number;
  if (i < k - 1) width = (d[i + 1] as number) - (d[i] as number);
  else width = rho * z.reduce((sum, zj) => sum + zj * zj, 0);
  const middle = evaluate(d, z, rho, i, i, width / 2);
  const nearRight = i < k - 1 && middle.total < 0;
  const origin = nearRight ? i + 1 : i;
  // The bracket of the offset; f rises from −∞ to +∞ across the interval.
  let [low, high] = [nearRight ? -width / 2 : 0, nearRight ? 0 : width];
  if (!nearRight && i < k - 1) high = width / 2;
  let offset = nearRight ? -width / 4 : i < k - 1 ? width / 4 : width / 2;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const f = evaluate(d, z, rho, i, origin, offset);
    if (f.total < 0) low = offset;
    else high = offset;
    if (Math.abs(f.total) <= Number.EPSILON * k * f.size) break;
    const next = offset + step(d, i, origin, offset, f);
    offset = next > low && next < high ? next : (low + high) / 2;
    if (high - low <= 2 * Number.EPSILON * Math.max(Math.abs(low), Math.abs(high))) break;
  }
  return { origin, offset };
}

interface SecularValue {
  /** f. */
  readonly total: number;
  /** Sum of the absolute terms: what rounding is relative to. */
  readonly size: number;
  /** Sums over poles up to i and beyond, and their derivatives. */
  readonly left: number;
  readonly leftSlope: number;
  readonly right: number;
  readonly rightSlope: number;
}

function evaluate(
  d: Float64Array,
  z: Float64Array,
  rho: number,
  i: number,
  origin: number,
  offset: number,
): SecularValue {
  const base = d[origin] as number;
  let [left, leftSlope, right, rightSlope] = [0, 0, 0, 0];
  for (let j = 0; j <= i; j++) {
    const ratio = (z[j] as number) / ((d[j] as number) - base - offset);
    left += (z[j] as number) * ratio;
    leftSlope += ratio * ratio;
  }
  for (let j = i + 1; j < d.length; j++) {
    const ratio = (z[j] as number) / ((d[j] as number) - base - offset);
    right += (z[j] as number) * ratio;
    rightSlope += ratio * ratio;
  }
  return {
    total: 1 + rho * (left + right),
    size: 1 + rho * (right - left),
    left: rho * left,
    leftSlope: rho * leftSlope,
    right: rho * right,
    rightSlope: rho * rightSlope,
  };
}

/**
 * Bunch, Nielsen & Sorensen 1978: each half of f is replaced by a simple fraction with the same
 * value and slope, and the quadratic that results is solved for the step.
 */
function step(d: Float64Array, i: number, origin: number, offset: number, f: SecularValue): number {
  const base = d[origin] as number;
  const toLeft = (d[i] as number) - base - offset;
  const leftNumerator = f.leftSlope * toLeft * toLeft;
  const leftConstant = f.left - f.leftSlope * toLeft;
  if (i === d.length - 1) {
    // 1 + r + s/(toLeft − η) = 0
    return toLeft + leftNumerator / (1 + leftConstant);
  }
  const toRight = (d[i + 1] as number) - base - offset;
  const rightNumerator = f.rightSlope * toRight * toRight;
  const constant = 1 + leftConstant + f.right - f.rightSlope * toRight;
  // c(l − η)(r − η) + s(r − η) + S(l − η) = 0
  const a = constant;
  const b = -(constant * (toLeft + toRight) + leftNumerator + rightNumerator);
  const c = constant * toLeft * toRight + leftNumerator * toRight + rightNumerator * toLeft;
  const discriminant = Math.sqrt(Math.max(0, b * b - 4 * a * c));
  if (b <= 0) return (2 * c) / (-b + discriminant);
  return a === 0 ? -c / b : (-b - discriminant) / (2 * a);
}
