/** Numbers as people should read them: no more digits than the standard error bears. */
import type { Metric } from "./metric.ts";

const PERCENT_DECIMALS = 2;
const LOSS_DECIMALS = 4;

/**
 * Decimals to show of a number with this standard error: the last digit is of the error's order.
 * Without an error (one seed) `most` less one, because nothing is known.
 */
export function decimalsFor(standardError: number, most: number): number {
  if (!(standardError > 0) || !Number.isFinite(standardError)) {
    return standardError === 0 ? most : most - 1;
  }
  return Math.min(most, Math.max(0, -Math.floor(Math.log10(standardError))));
}

interface Scale {
  factor: number;
  most: number;
  unit: string;
}

function scaleOf(metric: Metric): Scale {
  return metric.quantity === "accuracy"
    ? { factor: 100, most: PERCENT_DECIMALS, unit: "%" }
    : { factor: 1, most: LOSS_DECIMALS, unit: "" };
}

/** A score: accuracies in percent, losses in nats; `–` when there is none. */
export function formatScore(metric: Metric, score: number, standardError = Number.NaN): string {
  if (!Number.isFinite(score)) return "–";
  const { factor, most, unit } = scaleOf(metric);
  return (score * factor).toFixed(decimalsFor(standardError * factor, most)) + unit;
}

/** An interval of scores with as many decimals as its score has. */
export function formatInterval(
  metric: Metric,
  interval: { low: number; high: number } | null,
  standardError: number,
): string {
  if (!interval) return "no interval";
  const { factor, most } = scaleOf(metric);
  const digits = decimalsFor(standardError * factor, most);
  const [low, high] = [interval.low, interval.high].map((end) =>
    minus((end * factor).toFixed(digits)),
  );
  return `${low} to ${high}`;
}

/** A difference with its sign, in percentage points or nats. */
export function formatDifference(
  metric: Metric,
  difference: number,
  standardError: number,
): string {
  const { factor, most } = scaleOf(metric);
  const digits = decimalsFor(standardError * factor, most);
  const text = signed((difference * factor).toFixed(digits));
  return metric.quantity === "accuracy" ? `${text} points` : `${text} nats`;
}

function signed(text: string): string {
  return Number(text) > 0 ? `+${text}` : minus(text);
}

/** A real minus sign, and none for `-0.00`. */
function minus(text: string): string {
  return text.replace("-", Number(text) === 0 ? "" : "−");
}

/** 3 significant digits with an SI prefix: `4.92 G`. */
export function formatAmount(value: number): string {
  if (!Number.isFinite(value)) return "–";
  const prefixes = ["", " k", " M", " G", " T", " P", " E"];
  let scaled = value;
  let index = 0;
  while (Math.abs(scaled) >= 999.5 && index < prefixes.length - 1) {
    scaled /= 1000;
    index++;
  }
  return `${trimmed(scaled, 3)}${prefixes[index] ?? ""}`;
}

/** Seconds as `0.42 s`, `73 s`, `12 min`, `3.4 h`. */
export function formatSeconds(seconds: number): string {
  if (!Number.isFinite(seconds)) return "–";
  if (seconds < 99.5) return `${trimmed(seconds, 2)} s`;
  if (seconds < 5940) return `${trimmed(seconds / 60, 2)} min`;
  return `${trimmed(seconds / 3600, 2)} h`;
}

/** A cost ratio: `1.9×`. */
export function formatRatio(ratio: number): string {
  return Number.isFinite(ratio) ? `${trimmed(ratio, 2)}×` : "–";
}

/** A batch or dataset size between grid points: two significant digits are all it can bear. */
export function formatSize(size: number): string {
  if (!Number.isFinite(size)) return "∞";
  return trimmed(size, 2);
}

/** A whole number with thin grouping: `50,000`. */
export function formatCount(count: number): string {
  return Math.round(count)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ",");
}

/** A probability as a whole percent, never rounded to certainty. */
export function formatProbability(p: number): string {
  if (p > 0 && p < 0.01) return "< 1%";
  if (p < 1 && p > 0.99) return "> 99%";
  return `${Math.round(100 * p)}%`;
}

function trimmed(value: number, digits: number): string {
  const rounded = Number(value.toPrecision(digits));
  return Math.abs(rounded) >= 1000 ? formatCount(rounded) : `${rounded}`;
}
