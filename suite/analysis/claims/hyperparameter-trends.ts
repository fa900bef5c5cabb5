/**
 * "The learning-rate-to-damping ratio stays constant" and "damping changes with the batch size"
 * (Figure 4, appendix A.2, which says both 'larger' and 'reduced': so this is two-sided). Slopes on
 * log2 B of the logarithms of the best values. The paper's damping grid steps by 10³, too coarse for
 * the ratio: use half-decades.
 */
import { type Optimum, optimumOf, optimumSlopes } from "../heat-map.ts";
import type { ScoredCell } from "../scored-cell.ts";
import { at, distinct, median } from "../statistics.ts";
import { type ClaimResult, type Verdict, verdictOf, within } from "./claim.ts";
import { FEWEST_SEEDS } from "./guards.ts";

export interface OptimumEvidence {
  /** The best pair at each batch size, one tier, one dataset. */
  optima: readonly Optimum[];
  /** log2 spacing of the grids. */
  steps: { learningRate: number; damping: number };
  /** What the caller's guards found missing. */
  missing: readonly string[];
}

/**
 * The optima of one optimizer's cells over the batch sizes, with what the guards miss: three tuning
 * seeds per configuration, and no optimum at the grid's edge.
 *
 * @param cells scored cells of one task, tier and dataset size.
 */
export function optimumEvidence(
  cells: readonly ScoredCell[],
  names: { learningRate: string; damping: string },
): OptimumEvidence {
  const pair = { x: names.learningRate, y: names.damping };
  const missing = cells.flatMap(({ cell, tuneSeeds, edges }) => {
    const edge = edges.find((one) => [pair.x, pair.y].includes(one.hyperparameter));
    const problem = edge
      ? `${edge.hyperparameter} is best at the grid's edge`
      : tuneSeeds < FEWEST_SEEDS
        ? `${tuneSeeds} of ${FEWEST_SEEDS} tuning seeds`
        : null;
    return problem ? [`batch size ${cell.batchSize}: ${problem}`] : [];
  });
  const optima = cells.flatMap((cell) => {
    const found = optimumOf(cell, pair);
    const { batchSize } = cell.cell;
    return found ? [{ batchSize, learningRate: found.x, damping: found.y }] : [];
  });
  const steps = { learningRate: gridStep(cells, pair.x), damping: gridStep(cells, pair.y) };
  return { optima: optima.sort((a, b) => a.batchSize - b.batchSize), steps, missing };
}

/** The median log2 spacing of the values that were tried. */
function gridStep(cells: readonly ScoredCell[], name: string): number {
  const tried = cells.flatMap(({ configurations }) =>
    configurations.map(({ hyperparameters }) => Math.log2(Number(hyperparameters[name]))),
  );
  const values = distinct(tried.filter(Number.isFinite));
  const spacings = values.slice(1).map((value, index) => value - at(values, index));
  return spacings.length > 0 ? median(spacings) : 0;
}

/** A slope in (-¼, ¼) per doubling is no trend. */
const FLAT = 0.25;

const FEWEST_SIZES = 3;

function missingSizes({ optima, missing }: OptimumEvidence): string[] {
  const short = FEWEST_SIZES - optima.length;
  return short > 0 ? [...missing, `${short} more batch sizes with an optimum`] : [...missing];
}

export function ratioConstantClaim(evidence: OptimumEvidence): ClaimResult {
  const missing = missingSizes(evidence);
  const { ratio } = optimumSlopes(evidence.optima, evidence.steps);
  return {
    id: "ratio-constant",
    verdict: verdictOf([within(ratio.interval, -FLAT, FLAT)], missing),
    statistics: [
      {
        name: "slope of log2(learning rate / damping)",
        value: ratio.slope,
        interval: ratio.interval,
      },
    ],
    finding: trendWord(ratio.interval),
    missing,
    sensitivity: [],
  };
}

/** `supported`: there is a trend, and `finding` says which; `not supported`: surely none. */
export function dampingTrendClaim(evidence: OptimumEvidence): ClaimResult {
  const missing = missingSizes(evidence);
  const { damping } = optimumSlopes(evidence.optima, evidence.steps);
  const finding = trendWord(damping.interval);
  return {
    id: "damping-trend",
    verdict: missing.length > 0 ? "not enough data" : TREND_VERDICTS[finding],
    statistics: [
      { name: "slope of log2(damping)", value: damping.slope, interval: damping.interval },
    ],
    finding,
    missing,
    sensitivity: [],
  };
}

type Trend = "grows" | "falls" | "no trend" | "undecided";

const TREND_VERDICTS: Readonly<Record<Trend, Verdict>> = {
  grows: "supported",
  falls: "supported",
  "no trend": "not supported",
  undecided: "not enough data",
};

function trendWord(interval: { low: number; high: number } | null): Trend {
  if (!interval) return "undecided";
  if (within(interval, -FLAT, FLAT) === "inside") return "no trend";
  if (interval.low > 0) return "grows";
  return interval.high < 0 ? "falls" : "undecided";
}
