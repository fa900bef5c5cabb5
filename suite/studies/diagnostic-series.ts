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
