/** @file Diagnostics of a trial as lines. */
import type { Trial } from "../results/schema.ts";
import type { FigureSeries } from "./figure.ts";

/** The series whose name matches, over steps; values that were not finite are left out. */
export function diagnosticSeries({ diagnostics }: Trial, name: RegExp): FigureSeries[] {
  const table = diagnostics?.optimizer;
  if (!table) return [];
  return Object.entries(table.series)
    .filter(([key]) => name.test(key))
    .map(([key, values]) => ({
      name: key,
      points: values.flatMap((y, i) => {
        const x = table.step[i];
        return y !== null && x !== null && x !== undefined ? [{ x, y }] : [];
      }),
    }));
}

/** `largestEigenvalue.<parameter>.<axis>`, as Shampoo names it. */
const AXIS_EIGENVALUE = /^largestEigenvalue\.(.+)\.\d+$/;

/**
 * The largest eigenvalue of each layer's statistics, in network order. A method that keeps one
 * statistic per axis of a weight stands for the layer by the Kronecker product of their roots
 * (Gupta, Koren, Singer 2018): its top eigenvalue is the geometric mean over the axes.
 */
export function layerEigenvalues({ diagnostics }: Trial): FigureSeries[] {
  const table = diagnostics?.optimizer;
  if (!table) return [];
  const layers = new Map<string, (readonly (number | null)[])[]>();
  for (const [key, values] of Object.entries(table.series)) {
    const layer = AXIS_EIGENVALUE.exec(key)?.[1]?.replace(/[./]weights?$/, "");
    if (layer) layers.set(layer, [...(layers.get(layer) ?? []), values]);
  }
  return [...layers].map(([name, axes]) => ({
    name,
    points: table.step.flatMap((x, i) => {
      const logs = axes.map((values) => Math.log(values[i] ?? Number.NaN));
      const y = Math.exp(logs.reduce((sum, log) => sum + log, 0) / logs.length);
      return x !== null && Number.isFinite(y) && y > 0 ? [{ x, y }] : [];
    }),
  }));
}
