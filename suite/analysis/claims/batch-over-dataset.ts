/**
 * "The gap depends on batch size over dataset size" (Figure 6): d = α + b·log2 B + c·log2 n, with
 * b > 0, -c/b in (½, 2), and |d| below 0.3 points in the lowest third of B/n. At fixed epochs
 * steps = epochs·n/B, so "depends on B/n" *is* "depends on steps": a fixed-steps arm must tell them
 * apart.
 */
import { type Metric, oriented } from "../metric.ts";
import { pooledDeviation } from "../noise.ts";
import { quantileOfSorted } from "../quantile.ts";
import { RESAMPLING_SEED, randomFrom, studentTSampler } from "../random.ts";
import { fitPlane } from "../regression.ts";
import type { ScoredCell } from "../scored-cell.ts";
import { at, mean } from "../statistics.ts";
import { tuningLucks } from "../tuning-luck.ts";
import { above, type ClaimResult, NEGLIGIBLE, type Range, verdictOf, within } from "./claim.ts";

/** A paired difference at one batch and dataset size. */
export interface PlanePoint {
  batchSize: number;
  datasetSize: number;
  /** Oriented: positive when second-order is better. */
  difference: number;
  standardError: number;
  df: number;
}

/**
 * The paired differences of two optimizers over a grid of batch and dataset sizes: deviations pooled
 * over the calm cells of both, and the luck of tuning.
 *
 * @param cells scored cells of one task and tier, of both optimizers.
 */
export function planePoints(
  cells: readonly ScoredCell[],
  options: { challenger: string; baseline: string; metric: Metric },
): PlanePoint[] {
  const { challenger, baseline, metric } = options;
  const scored = cells.filter(({ state }) => state === "scored");
  const place = ({ cell }: ScoredCell) => `${cell.batchSize} ${cell.datasetSize}`;
  const side = (id: string) => scored.filter(({ cell }) => cell.optimizer === id);
  const partners = new Map(side(baseline).map((cell) => [place(cell), cell]));
  const pairs = side(challenger).flatMap((one) => {
    const other = partners.get(place(one));
    return other ? [[one, other] as const] : [];
  });
  const calm = pairs.flat().filter(({ diverged }) => diverged === 0);
  const { s, df } = pooledDeviation(calm.map(({ seeds }) => seeds.map(({ value }) => value)));
  const [ours, theirs] = [0, 1].map((index) =>
    tuningLucks(
      pairs.map((pair) => at(pair, index)),
      metric,
    ),
  );
  return pairs.map(([one, other], index) => ({
    batchSize: one.cell.batchSize,
    datasetSize: one.cell.datasetSize,
    difference: oriented(metric, one.score) - oriented(metric, other.score),
    standardError: Math.hypot(
      s * Math.sqrt(1 / one.seeds.length + 1 / other.seeds.length),
      at(ours ?? [], index),
      at(theirs ?? [], index),
    ),
    df,
  }));
}

export interface PlaneStatistics {
  /** Growth of the gap per doubling of the batch size. */
  b: number;
  /** -c/b: 1 when only the ratio matters. */
  ratio: number;
  /** Mean gap in the lowest third of B/n. */
  lowest: number;
}

/** The fit to differences in the order of `points`. */
export function planeStatistics(
  points: readonly Pick<PlanePoint, "batchSize" | "datasetSize">[],
  differences: readonly number[],
): PlaneStatistics {
  const rows = points.map(({ batchSize, datasetSize }, index) => ({
    x: Math.log2(batchSize),
    y: Math.log2(datasetSize),
    d: at(differences, index),
  }));
  const { b, c } = fitPlane(rows);
  const byRatio = [...rows].sort((one, other) => one.x - one.y - (other.x - other.y));
  const lowest = byRatio.slice(0, Math.max(1, Math.floor(rows.length / 3)));
  return { b, ratio: -c / b, lowest: mean(lowest.map(({ d }) => d)) };
}

const REPLICATES = 4000;

function intervals(points: readonly PlanePoint[]): Record<keyof PlaneStatistics, Range> | null {
  if (points.some(({ df }) => !(df > 0))) return null;
  const random = randomFrom(RESAMPLING_SEED);
  const samplers = points.map(({ df }) => studentTSampler(df));
  const replicates = Array.from({ length: REPLICATES }, () =>
    planeStatistics(
      points,
      points.map(
        ({ difference, standardError }, i) => difference + at(samplers, i)(random) * standardError,
      ),
    ),
  );
  const range = (key: keyof PlaneStatistics): Range => {
    const sorted = Float64Array.from(replicates, (one) => one[key]).sort();
    return { low: quantileOfSorted(sorted, 0.025), high: quantileOfSorted(sorted, 0.975) };
  };
  return { b: range("b"), ratio: range("ratio"), lowest: range("lowest") };
}

const NAMES: Readonly<Record<keyof PlaneStatistics, string>> = {
  b: "gap per doubling of the batch",
  ratio: "dataset exponent over batch exponent (-c/b)",
  lowest: "gap in the lowest third of B/n",
};

/** @param missing what the caller's guards found. */
export function batchOverDatasetClaim(
  points: readonly PlanePoint[],
  missing: readonly string[],
): ClaimResult {
  const gaps = [...missing];
  const sizes = (key: "batchSize" | "datasetSize") => new Set(points.map((p) => p[key])).size;
  if (sizes("batchSize") < 3) gaps.push("at least 3 batch sizes");
  if (sizes("datasetSize") < 3) gaps.push("at least 3 dataset sizes");
  const values = planeStatistics(
    points,
    points.map(({ difference }) => difference),
  );
  const found = gaps.length === 0 ? intervals(points) : null;
  const sides = found
    ? [above(found.b), within(found.ratio, 0.5, 2), within(found.lowest, -NEGLIGIBLE, NEGLIGIBLE)]
    : [];
  return {
    id: "batch-over-dataset",
    verdict: verdictOf(sides, gaps),
    statistics: (["b", "ratio", "lowest"] as const).map((key) => ({
      name: NAMES[key],
      value: values[key],
      interval: found?.[key] ?? null,
    })),
    finding: sides.every((side) => side === "inside") && found ? "depends on B/n" : "not shown",
    missing: gaps,
    sensitivity: [],
  };
}
