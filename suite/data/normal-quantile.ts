/**
 * @file Quantile function of the standard normal distribution, with the same bits on every machine:
 * additions, multiplications, divisions and square roots only, which IEEE 754 rounds exactly.
 * `Math.log` and `Math.cos` are not used: their last bit differs between processors and engines.
 *
 * Wichura 1988, "Algorithm AS 241: The Percentage Points of the Normal Distribution", Applied
 * Statistics 37 (3): PPND16, relative error about 1e-16.
 */

const CENTRE_NUMERATOR = [
  2509.0809287301227, 33430.57558358813, 67265.7709270087, 45921.95393154987, 13731.69376550946,
  1971.5909503065513, 133.14166789178438, 3.3871328727963665,
];
const CENTRE_DENOMINATOR = [
  5226.495278852855, 28729.085735721943, 39307.89580009271, 21213.794301586597, 5394.196021424751,
  687.1870074920579, 42.31333070160091, 1,
];
const TAIL_NUMERATOR = [
  7.745450142783414e-4, 0.022723844989269184, 0.2417807251774506, 1.2704582524523684,
  3.6478483247632045, 5.769497221460691, 4.630337846156546, 1.4234371107496835,
];
const TAIL_DENOMINATOR = [
  1.0507500716444169e-9, 5.475938084995345e-4, 0.015198666563616457, 0.14810397642748008,
  0.6897673349851, 1.6763848301838038, 2.053191626637759, 1,
];

/** z with Φ(z) = p, for p and 1 − p above e⁻²⁵ ≈ 1.4e-11: |z| < 6.6. */
export function normalQuantile(p: number): number {
  const q = p - 0.5;
  if (q >= -0.425 && q <= 0.425) {
    const r = 0.180625 - q * q;
    return quotient(q, CENTRE_NUMERATOR, CENTRE_DENOMINATOR, r);
  }
  const r = Math.sqrt(-naturalLogarithm(q < 0 ? p : 1 - p)) - 1.6;
  const z = quotient(1, TAIL_NUMERATOR, TAIL_DENOMINATOR, r);
  return q < 0 ? -z : z;
}

type Coefficients = readonly number[];

/** `scale·n(x)/d(x)`, both by Horner's rule, side by side: neither waits for the other. */
function quotient(scale: number, n: Coefficients, d: Coefficients, x: number): number {
  let numerator = n[0] as number;
  let denominator = d[0] as number;
  for (let i = 1; i < n.length; i++) {
    numerator = numerator * x + (n[i] as number);
    denominator = denominator * x + (d[i] as number);
  }
  return (scale * numerator) / denominator;
}

/** 1/21, 1/19, ... 1 */
const ODD_RECIPROCALS = Array.from({ length: 11 }, (_, i) => 1 / (21 - 2 * i));

/**
 * ln x for 0 < x ≤ 1: x = m·2⁻ᵏ with m in [√½, √2), ln m = 2·artanh s, s = (m − 1)/(m + 1).
 * The series in s² ≤ 0.0295 is cut where its terms fall below one rounding.
 */
export function naturalLogarithm(x: number): number {
  let m = x;
  let halvings = 0;
  while (m < Math.SQRT1_2) {
    m *= 2;
    halvings++;
  }
  const s = (m - 1) / (m + 1);
  const square = s * s;
  let series = 0;
  for (let i = 0; i < ODD_RECIPROCALS.length; i++) {
    series = series * square + (ODD_RECIPROCALS[i] as number);
  }
  return 2 * s * series - halvings * Math.LN2;
}
