/** @file Quantities in words. */

/** `0.4 s`, `12 s`, `3 min`, `2.5 h`. */
export function duration(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 100) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}

/** `12 %`; of a share in [0, 1]. */
export const percent = (share: number, decimals = 0): string =>
  `${(100 * share).toFixed(decimals)} %`;

/** Four significant digits at most. */
export function shortNumber(value: number): string {
  if (value !== 0 && (Math.abs(value) < 1e-3 || Math.abs(value) >= 1e6))
    return value.toExponential(1);
  return String(Number(value.toPrecision(4)));
}
