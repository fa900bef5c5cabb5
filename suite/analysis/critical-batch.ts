/**
 * The critical batch size. S(B) = Smin·(1 + Bcrit/B), so that (S/Smin - 1)(E/Emin - 1) = 1 with E = B·S
 * and Emin = Smin·Bcrit (McCandlish et al. 2018, https://arxiv.org/abs/1812.06162). Steps have
 * relative errors, so the fit is in logarithms; plain least squares on 1/B is led by the smallest B.
 */
import { studentTFactor } from "./intervals.ts";
import { quantile } from "./quantile.ts";
import { drawIndex, RESAMPLING_SEED, randomFrom } from "./random.ts";
import { at, mean, median, squaredDeviations } from "./statistics.ts";

export interface StepsPoint {
  batchSize: number;
  /** Steps to the target; ∞ where it was not reached within the budget (censored). */
  steps: number;
}

export type CriticalBatch =
  | { kind: "no fit"; reason: string; censored: number }
  | {
      kind: "fit";
      minimumSteps: number;
      criticalBatch: number;
      /** The minimum lies at an end of the scan: only a bound is known. */
      bound: "below grid" | "above grid" | null;
      /** Residual sum of squares in log steps. */
      residual: number;
      /** 95% by the F criterion; 0 or ∞ where it leaves the scan; null below three points. */
      interval: { low: number; high: number } | null;
      points: number;
      censored: number;
    };

const SCAN = 200;
const REACH = 64;

/** Σ(yᵢ-ȳ)² with yᵢ = log Sᵢ - log(1 + e^u/Bᵢ), and ȳ = log Smin. */
function residualsAt(points: readonly StepsPoint[], u: number) {
  const y = points.map(
    ({ steps, batchSize }) => Math.log(steps) - Math.log1p(Math.exp(u) / batchSize),
  );
  return { residual: squaredDeviations(y), logMinimum: mean(y) };
}

/** Fits one S per batch size; at least three batch sizes must have reached the target. */
export function fitCriticalBatch(all: readonly StepsPoint[]): CriticalBatch {
  const points = all.filter(({ steps }) => Number.isFinite(steps));
  const censored = all.length - points.length;
  if (points.length < 3) {
    const reason = `The target was reached at ${points.length} batch sizes; a fit needs 3.`;
    return { kind: "no fit", reason, censored };
  }
  const sizes = points.map(({ batchSize }) => batchSize);
  const low = Math.log(Math.min(...sizes) / REACH);
  const high = Math.log(Math.max(...sizes) * REACH);
  const grid = Array.from({ length: SCAN }, (_, i) => low + ((high - low) * i) / (SCAN - 1));
  const cost = (u: number) => residualsAt(points, u).residual;
  const costs = grid.map(cost);
  const best = costs.indexOf(Math.min(...costs));
  const u =
    best === 0 || best === SCAN - 1
      ? at(grid, best)
      : goldenSection(cost, at(grid, best - 1), at(grid, best + 1));
  const { residual, logMinimum } = residualsAt(points, u);
  return {
    kind: "fit",
    minimumSteps: Math.exp(logMinimum),
    criticalBatch: Math.exp(u),
    bound: best === 0 ? "below grid" : best === SCAN - 1 ? "above grid" : null,
    residual,
    interval: profileInterval(cost, { u, low, high, residual, points: points.length }),
    points: points.length,
    censored,
  };
}

function goldenSection(f: (x: number) => number, from: number, to: number): number {
  const ratio = (Math.sqrt(5) - 1) / 2;
  let [a, b] = [from, to];
  let [c, d] = [b - ratio * (b - a), a + ratio * (b - a)];
  let [fc, fd] = [f(c), f(d)];
  while (b - a > 1e-10) {
    if (fc < fd) {
      [b, d, fd] = [d, c, fc];
      c = b - ratio * (b - a);
      fc = f(c);
    } else {
      [a, c, fc] = [c, d, fd];
      d = a + ratio * (b - a);
      fd = f(d);
    }
  }
  return (a + b) / 2;
}

/** RSS(u) ≤ RSSmin·(1 + F(.95; 1, m-2)/(m-2)), where F(.95; 1, ν) = t(.975; ν)². */
function profileInterval(
  cost: (u: number) => number,
  fit: { u: number; low: number; high: number; residual: number; points: number },
): { low: number; high: number } | null {
  const df = fit.points - 2;
  if (df < 1) return null;
  const limit = fit.residual * (1 + studentTFactor(df) ** 2 / df);
  const edge = (outside: number) => {
    if (cost(outside) <= limit) return null;
    let [inner, outer] = [fit.u, outside];
    for (let i = 0; i < 80; i++) {
      const middle = (inner + outer) / 2;
      if (cost(middle) <= limit) inner = middle;
      else outer = middle;
    }
    return Math.exp(inner);
  };
  return { low: edge(fit.low) ?? 0, high: edge(fit.high) ?? Number.POSITIVE_INFINITY };
}

/** Steps to the target of each seed at each batch size; ∞ where a seed was censored. */
export interface SeededSteps {
  batchSize: number;
  steps: readonly number[];
}

/** The fit to the medians over seeds (∞ allowed), and a percentile interval from resampled seeds. */
export function criticalBatchOverSeeds(
  data: readonly SeededSteps[],
  options: { replicates?: number; seed?: number } = {},
): { fit: CriticalBatch; interval: { low: number; high: number } | null; seed: number } {
  const { replicates = 1000, seed = RESAMPLING_SEED } = options;
  const fit = fitCriticalBatch(
    data.map(({ batchSize, steps }) => ({ batchSize, steps: median(steps) })),
  );
  if (fit.kind === "no fit" || data.some(({ steps }) => steps.length < 2)) {
    return { fit, interval: null, seed };
  }
  const random = randomFrom(seed);
  const values: number[] = [];
  for (let replicate = 0; replicate < replicates; replicate++) {
    const refit = fitCriticalBatch(
      data.map(({ batchSize, steps }) => ({
        batchSize,
        steps: median(steps.map(() => at(steps, drawIndex(random, steps.length)))),
      })),
    );
    if (refit.kind === "fit") values.push(extended(refit));
  }
  return { fit, interval: { low: quantile(values, 0.025), high: quantile(values, 0.975) }, seed };
}

function extended({ bound, criticalBatch }: Extract<CriticalBatch, { kind: "fit" }>): number {
  if (bound === null) return criticalBatch;
  return bound === "below grid" ? 0 : Number.POSITIVE_INFINITY;
}

/**
 * Without a model: the batch size at which the examples needed, E = B·S, exceed those at the smallest
 * batch size by `excess`, interpolated on log2 B. ∞ when they never do; a censored S does.
 */
export function excessBatch(points: readonly StepsPoint[], excess = 0.2): number {
  const sorted = [...points].sort((a, b) => a.batchSize - b.batchSize);
  const first = sorted[0];
  if (!first || !Number.isFinite(first.steps)) return Number.NaN;
  const ratio = ({ steps, batchSize }: StepsPoint) =>
    (steps * batchSize) / (first.steps * first.batchSize);
  for (let i = 1; i < sorted.length; i++) {
    const [low, high] = [at(sorted, i - 1), at(sorted, i)];
    const [before, after] = [ratio(low), ratio(high)];
    if (after < 1 + excess) continue;
    if (!Number.isFinite(after)) return low.batchSize;
    const share = (1 + excess - before) / (after - before);
    return 2 ** (Math.log2(low.batchSize) * (1 - share) + Math.log2(high.batchSize) * share);
  }
  return Number.POSITIVE_INFINITY;
}
