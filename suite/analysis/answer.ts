/**
 * "At my batch and data size, is it worth it?" Answered from measured cells only: the cell itself, or
 * a straight line (in log2) between the two measured sizes on either side, or "not measured" with the
 * nearest cells. Nothing is extrapolated.
 */
import { type Axis, coordinate } from "./crossover.ts";
import { curveOf, type PairedPoint, pairCurves } from "./curve.ts";
import { holm } from "./holm.ts";
import { scoreError, studentTFactor } from "./intervals.ts";
import type { Metric } from "./metric.ts";
import type { DifferenceNoise } from "./noise.ts";
import { differencePValue, SIGNIFICANCE } from "./ranks.ts";
import type { MeasuredCell } from "./score-cells.ts";
import { at, distinct, groupBy } from "./statistics.ts";

export interface AnswerRequest {
  batchSize: number;
  datasetSize: number;
  /** The baseline that every other optimizer is compared with. */
  versus: string;
  metric: Metric;
}

export interface AnswerLine {
  optimizer: string;
  /** In the metric's unit, positive when better than the baseline. */
  difference: number;
  /** 95%; null with too few seeds. */
  interval: { low: number; high: number } | null;
  standardError: number;
  /** Two-sided, Holm over the lines. */
  p: number;
  reading: "better" | "worse" | "cannot be told apart";
  /** Training FLOPs of a trial relative to the baseline's. */
  flopsRatio: number;
}

export interface NearbyCell {
  batchSize: number;
  datasetSize: number;
  /** Doublings away, batch and dataset size together. */
  distance: number;
  optimizers: readonly string[];
}

export type Answer =
  | {
      kind: "measured" | "between";
      batchSize: number;
      datasetSize: number;
      versus: string;
      /** The measured cells that the answer rests on. */
      from: readonly { batchSize: number; datasetSize: number }[];
      /** Only where the very cell was measured. */
      baseline: { score: number; standardError: number } | null;
      /** Best difference first. */
      lines: readonly AnswerLine[];
    }
  | { kind: "not measured"; reason: string; nearest: readonly NearbyCell[] };

/** The answer from the scored cells of one task and tier (see `scoreCells`). */
export function answerAt(cells: readonly MeasuredCell[], request: AnswerRequest): Answer {
  const scored = cells.filter(({ state }) => state === "scored");
  const here = (["batch", "dataset"] as const).flatMap((axis) => {
    const found = alongAxis(scored, request, axis);
    return found ? [found] : [];
  });
  const exact = here.find(({ kind }) => kind === "measured");
  return exact ?? here[0] ?? notMeasured(scored, request);
}

function alongAxis(
  cells: readonly MeasuredCell[],
  request: AnswerRequest,
  axis: Axis,
): Extract<Answer, { kind: "measured" | "between" }> | null {
  const { batchSize, datasetSize, versus, metric } = request;
  const wanted = axis === "batch" ? batchSize : datasetSize;
  const slice = cells.filter(({ cell }) =>
    axis === "batch" ? cell.datasetSize === datasetSize : cell.batchSize === batchSize,
  );
  const curves = groupBy(slice, ({ cell }) => cell.optimizer);
  const baseline = curveOf(curves.get(versus) ?? [], { axis, metric });
  const others = [...curves].filter(([optimizer]) => optimizer !== versus);
  const estimates = others.flatMap(([optimizer, own]) => {
    const { points } = pairCurves(curveOf(own, { axis, metric }), baseline);
    const found = estimateAt(points, { axis, wanted });
    return found ? [{ optimizer, ...found }] : [];
  });
  if (estimates.length === 0) return null;
  const positions = distinct(estimates.flatMap((estimate) => estimate.positions));
  const exact = positions.length === 1 && positions[0] === wanted;
  return {
    kind: exact ? "measured" : "between",
    batchSize,
    datasetSize,
    versus,
    from: positions.map((position) =>
      axis === "batch"
        ? { batchSize: position, datasetSize }
        : { batchSize, datasetSize: position },
    ),
    baseline: exact ? baselineScore(slice, request) : null,
    lines: linesOf(estimates),
  };
}

interface Estimate {
  difference: number;
  noise: DifferenceNoise;
  flopsRatio: number;
  positions: readonly number[];
}

/** The paired difference at a size, interpolated between neighbours; null outside the grid. */
function estimateAt(
  points: readonly PairedPoint[],
  { axis, wanted }: { axis: Axis; wanted: number },
): Estimate | null {
  const exact = points.find(({ position }) => position === wanted);
  if (exact) {
    const { difference, noise } = exact;
    return { difference, noise, flopsRatio: flopsRatio(exact), positions: [wanted] };
  }
  const x = coordinate(axis, wanted);
  const after = points.findIndex(({ position }) => coordinate(axis, position) > x);
  if (after <= 0) return null;
  const [low, high] = [at(points, after - 1), at(points, after)];
  const start = coordinate(axis, low.position);
  const share = (x - start) / (coordinate(axis, high.position) - start);
  const mix = (a: number, b: number) => (1 - share) * a + share * b;
  return {
    difference: mix(low.difference, high.difference),
    noise: {
      standardError: Math.hypot(
        (1 - share) * low.noise.standardError,
        share * high.noise.standardError,
      ),
      df: Math.min(low.noise.df, high.noise.df),
    },
    flopsRatio: mix(flopsRatio(low), flopsRatio(high)),
    positions: [low.position, high.position],
  };
}

function flopsRatio({ challenger, baseline }: PairedPoint): number {
  return (challenger.cell?.cost.flops ?? Number.NaN) / (baseline.cell?.cost.flops ?? Number.NaN);
}

function linesOf(estimates: readonly (Estimate & { optimizer: string })[]): AnswerLine[] {
  const adjusted = holm(estimates.map((one) => differencePValue(one.difference, one.noise)));
  const lines = estimates.map(({ optimizer, difference, noise, flopsRatio }, index): AnswerLine => {
    const p = at(adjusted, index);
    const half = noise.df > 0 ? studentTFactor(noise.df) * noise.standardError : null;
    return {
      optimizer,
      difference,
      interval: half === null ? null : { low: difference - half, high: difference + half },
      standardError: noise.standardError,
      p,
      reading: p >= SIGNIFICANCE ? "cannot be told apart" : difference > 0 ? "better" : "worse",
      flopsRatio,
    };
  });
  return lines.sort((a, b) => b.difference - a.difference);
}

function baselineScore(slice: readonly MeasuredCell[], request: AnswerRequest) {
  const found = slice.find(
    ({ cell }) =>
      cell.optimizer === request.versus &&
      cell.batchSize === request.batchSize &&
      cell.datasetSize === request.datasetSize,
  );
  if (!found) return null;
  const values = found.seeds.map(({ value }) => value);
  return { score: found.score, standardError: scoreError(values, []) };
}

const NEAREST = 3;

function notMeasured(cells: readonly MeasuredCell[], request: AnswerRequest): Answer {
  const { batchSize, datasetSize, versus } = request;
  const places = groupBy(cells, ({ cell }) => `${cell.batchSize} ${cell.datasetSize}`);
  const nearest = [...places.values()]
    .map((group): NearbyCell => {
      const { cell } = at(group, 0);
      return {
        batchSize: cell.batchSize,
        datasetSize: cell.datasetSize,
        distance: Math.hypot(
          Math.log2(cell.batchSize / batchSize),
          Math.log2(cell.datasetSize / datasetSize),
        ),
        optimizers: group.map((one) => one.cell.optimizer).sort(),
      };
    })
    .sort((a, b) => a.distance - b.distance)
    .slice(0, NEAREST);
  const known = cells.some(({ cell }) => cell.optimizer === versus);
  const reason = known
    ? `Batch size ${batchSize} with dataset size ${datasetSize} is neither measured nor between two measured sizes.`
    : `The baseline '${versus}' has no scored cell here.`;
  return { kind: "not measured", reason, nearest };
}
