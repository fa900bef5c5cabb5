/**
 * The paper's claims as predicates. `supported`: the 95% interval of the statistic lies inside the
 * claimed side; `not supported`: inside the other; else `not enough data`, which names what is
 * missing. The paper's own reading (one number per cell, paper.ts) stands apart.
 */

export type Verdict = "supported" | "not supported" | "not enough data";

export const CLAIM_IDS = [
  "large-batch",
  "gap-grows",
  "psgd-degrades",
  "ratio-constant",
  "batch-over-dataset",
  "eigenvalues-settle",
  "interval-lengthened",
  "criterion-iterations",
  "global-beats-local",
  "train-accuracy",
  "small-data",
  "overtakes",
  "damping-trend",
] as const;
export type ClaimId = (typeof CLAIM_IDS)[number];

export interface Range {
  low: number;
  high: number;
}

/** A number that a verdict rests on. */
export interface ClaimStatistic {
  name: string;
  value: number;
  /** 95%; null when it could not be computed. */
  interval: Range | null;
}

/** The statistic's point value when only k configurations had been tried per cell. */
export interface Sensitivity {
  k: number;
  value: number;
  /** Whether the point value lies on the claimed side. */
  holds: boolean;
}

export interface ClaimResult {
  id: ClaimId;
  verdict: Verdict;
  statistics: readonly ClaimStatistic[];
  /** The finding in a few words, e.g. `4 of 6 methods` or `grows`. */
  finding: string;
  /** Cells and conditions that are missing; empty when all guards hold. */
  missing: readonly string[];
  sensitivity: readonly Sensitivity[];
}

/** Where an interval lies relative to a claimed side. */
export type Side = "inside" | "outside" | "undecided";

/** Claimed: above the bound. */
export function above(interval: Range | null, bound = 0): Side {
  if (!interval) return "undecided";
  return interval.low > bound ? "inside" : interval.high < bound ? "outside" : "undecided";
}

/** Claimed: below the bound. */
export function below(interval: Range | null, bound = 0): Side {
  if (!interval) return "undecided";
  return interval.high < bound ? "inside" : interval.low > bound ? "outside" : "undecided";
}

/** Claimed: between the bounds. */
export function within(interval: Range | null, low: number, high: number): Side {
  if (!interval) return "undecided";
  if (interval.low > low && interval.high < high) return "inside";
  return interval.high < low || interval.low > high ? "outside" : "undecided";
}

/** All parts must hold: one outside refutes, one undecided suspends. */
export function verdictOf(sides: readonly Side[], missing: readonly string[]): Verdict {
  if (missing.length > 0 || sides.length === 0) return "not enough data";
  if (sides.includes("outside")) return "not supported";
  return sides.every((side) => side === "inside") ? "supported" : "not enough data";
}

/** The share of methods that must show it. */
export const MAJORITY = 2 / 3;

/** Holds for at least two thirds of the methods, or can no longer, or is open. */
export function majorityVerdict(sides: readonly Side[], missing: readonly string[]): Verdict {
  if (missing.length > 0 || sides.length === 0) return "not enough data";
  const needed = MAJORITY * sides.length - 1e-9;
  const inside = sides.filter((side) => side === "inside").length;
  const possible = sides.filter((side) => side !== "outside").length;
  if (inside >= needed) return "supported";
  return possible < needed ? "not supported" : "not enough data";
}

/** A difference of accuracy smaller than this (0.3 points) does not matter. */
export const NEGLIGIBLE = 0.003;
