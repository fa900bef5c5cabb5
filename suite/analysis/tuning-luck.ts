/**
 * The luck of tuning with one seed. Two copies of a method, tuned on the same grid with different
 * noise, often end on different configurations; the noise of report seeds knows nothing of it, and
 * simulated copies were "surely" different at 19% of the points. So each score also carries the
 * deviation that comes from reselecting with the selecting values redrawn within their seed noise:
 * with it simulated copies differ at 3 to 4% of the points, and planted differences are still found.
 *
 * It is smaller than what resampling whole configurations gives (tuning-resample.ts), which asks how
 * another search, not another seed, would have ended; crossovers use that one.
 */
import { type Metric, oriented } from "./metric.ts";
import { alikeCells, pooledDeviation } from "./noise.ts";
import { drawNormal, RESAMPLING_SEED, randomFrom } from "./random.ts";
import type { ScoredCell } from "./scored-cell.ts";
import { at } from "./statistics.ts";

const REDRAWS = 400;
/** Configurations further below the best than this many deviations never win. */
const REACH = 6;

/**
 * The standard deviation, per cell, of the score under reselection.
 *
 * @param cells over which the noise of the selecting values is pooled; cells with divergence do not
 *   count for it.
 */
export function tuningLucks(cells: readonly ScoredCell[], metric: Metric): number[] {
  const noise = cells[0]?.foldWeights.map((_, fold) => selectingDeviation(cells, fold)) ?? [];
  return cells.map((cell) => luckOf(cell, { metric, noise }));
}

function selectingDeviation(cells: readonly ScoredCell[], fold: number): number {
  const calm = cells.filter(({ diverged }) => diverged === 0);
  const values = calm.map(({ seeds }) =>
    seeds.map(({ select }) => at(select, fold)).filter(Number.isFinite),
  );
  const alike = alikeCells(values);
  return pooledDeviation(values.filter((_, j) => alike[j])).s;
}

function luckOf(
  cell: ScoredCell,
  { metric, noise }: { metric: Metric; noise: readonly number[] },
): number {
  if (cell.tuneSeeds === 0) return 0;
  const random = randomFrom(RESAMPLING_SEED);
  const variances = cell.foldWeights.map((weight, fold) => {
    const s = at(noise, fold) / Math.sqrt(cell.tuneSeeds);
    const rivals = rivalsOf(cell, { metric, fold, s });
    if (rivals.length < 2) return 0;
    let total = 0;
    let squares = 0;
    for (let redraw = 0; redraw < REDRAWS; redraw++) {
      let best = Number.NEGATIVE_INFINITY;
      let value = 0;
      for (const rival of rivals) {
        const drawn = rival.select + s * drawNormal(random);
        if (drawn <= best) continue;
        best = drawn;
        value = rival.value;
      }
      total += value;
      squares += value * value;
    }
    return weight ** 2 * Math.max(0, squares / REDRAWS - (total / REDRAWS) ** 2);
  });
  // The folds look at the same trained models, so their lucks add up rather than average out.
  return variances.reduce((sum, variance) => sum + Math.sqrt(variance), 0);
}

/** Configurations that noise could make the choice, with the value that each would report. */
function rivalsOf(
  cell: ScoredCell,
  { metric, fold, s }: { metric: Metric; fold: number; s: number },
): { select: number; value: number }[] {
  const selects = cell.configurations.map(({ select }) => at(select, fold));
  const best = Math.max(...selects);
  if (!(s > 0) || !Number.isFinite(best)) return [];
  const centre = oriented(metric, at(cell.foldScores, fold));
  // Values relative to the choice keep the sums of squares exact.
  return cell.configurations.flatMap(({ report, key }, index) => {
    const select = at(selects, index);
    if (!(select > best - REACH * s)) return [];
    const chosen = key === at(cell.chosenKeys, fold);
    return [{ select, value: chosen ? 0 : oriented(metric, at(report, fold)) - centre }];
  });
}
