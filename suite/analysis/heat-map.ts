/**
 * Two hyperparameters of one cell as a map (Figure 4): the best value over all others at each pair,
 * with where the selection's choice lies; and how the optimum moves with the batch size.
 */
import type { CellFile, Status } from "../results/schema.ts";
import { foldsOf, type Metric, oriented, type TaskFacts } from "./metric.ts";
import { fitLine, type LineFit } from "./regression.ts";
import { type Configuration, type ScoredCell, scoreCell } from "./scored-cell.ts";
import { at, distinct, groupBy } from "./statistics.ts";

export interface HeatMapCell {
  x: number;
  y: number;
  /** In the metric's unit, chance level where it diverged; null where nothing was tried. */
  value: number | null;
  status: Status | null;
}

export interface HeatMap {
  batchSize: number;
  xs: readonly number[];
  ys: readonly number[];
  /** Row by row: every y, for each y every x. */
  cells: readonly HeatMapCell[];
  /** What the selection chose; null when everything diverged. */
  chosen: { x: number; y: number } | null;
}

export interface HeatMapOptions {
  x: string;
  y: string;
  metric: Metric;
  facts: TaskFacts;
}

/** The map of one file; the file's configurations must have both hyperparameters as numbers. */
export function heatMapOf(file: CellFile, options: HeatMapOptions): HeatMap {
  const { metric, facts } = options;
  const scored = scoreCell(file, metric, facts);
  const weights = foldsOf(metric, facts).map(({ weight }) => weight);
  const value = (one: Configuration) =>
    one.report.reduce((total, report, fold) => total + report * at(weights, fold), 0);
  const tried = scored.configurations.map((one) => ({
    ...placeOf(one.hyperparameters, options),
    one,
  }));
  const [xs, ys] = [distinct(tried.map(({ x }) => x)), distinct(tried.map(({ y }) => y))];
  const groups = groupBy(tried, ({ x, y }) => `${x} ${y}`);
  const cells = ys.flatMap((y) =>
    xs.map((x): HeatMapCell => {
      const here = (groups.get(`${x} ${y}`) ?? []).map(({ one }) => one);
      const [best] = here.sort((a, b) => oriented(metric, value(b)) - oriented(metric, value(a)));
      return { x, y, value: best ? value(best) : null, status: best?.status ?? null };
    }),
  );
  return { batchSize: file.cell.batchSize, xs, ys, cells, chosen: optimumOf(scored, options) };
}

function placeOf(
  hyperparameters: Configuration["hyperparameters"],
  names: { x: string; y: string },
): { x: number; y: number } {
  const [x, y] = [hyperparameters[names.x], hyperparameters[names.y]];
  if (typeof x !== "number" || typeof y !== "number") {
    throw new RangeError(
      `A heat map needs ${names.x} and ${names.y} as numbers, but a configuration is ` +
        `${JSON.stringify(hyperparameters)}. Choose two numeric hyperparameters of this optimizer.`,
    );
  }
  return { x, y };
}

/** The chosen pair; the geometric mean of two where the cell is cross-fitted. */
export function optimumOf(
  cell: Pick<ScoredCell, "chosen">,
  names: { x: string; y: string },
): { x: number; y: number } | null {
  const places = cell.chosen.map((chosen) => placeOf(chosen, names));
  if (places.length === 0) return null;
  const middle = (key: "x" | "y") =>
    Math.exp(places.reduce((total, place) => total + Math.log(place[key]), 0) / places.length);
  return { x: middle("x"), y: middle("y") };
}

/** The best learning rate and damping at a batch size. */
export interface Optimum {
  batchSize: number;
  learningRate: number;
  damping: number;
}

/**
 * Slopes on log2 B of log2 of the learning rate, of the damping, and of their ratio.
 *
 * @param steps log2 spacing of the two grids: the optimum is known to half a step at best.
 */
export function optimumSlopes(
  optima: readonly Optimum[],
  steps: { learningRate: number; damping: number },
): { learningRate: LineFit; damping: LineFit; ratio: LineFit } {
  const x = optima.map(({ batchSize }) => Math.log2(batchSize));
  const line = (value: (one: Optimum) => number, step: number) =>
    fitLine(
      x,
      optima.map((one) => Math.log2(value(one))),
      step,
    );
  return {
    learningRate: line(({ learningRate }) => learningRate, steps.learningRate),
    damping: line(({ damping }) => damping, steps.damping),
    ratio: line(
      ({ learningRate, damping }) => learningRate / damping,
      Math.hypot(steps.learningRate, steps.damping),
    ),
  };
}
