/**
 * What tuning might have chosen: resample a cell's configurations with replacement, reselect, and
 * read the choice's value. A configuration that no report seed ran is known by its tuning seed alone,
 * so it enters with the noise of one seed.
 */
import { type Metric, oriented } from "./metric.ts";
import { drawIndex, type Random } from "./random.ts";
import type { Configuration, ScoredCell } from "./scored-cell.ts";
import { orderBest } from "./selection.ts";
import { at } from "./statistics.ts";

/** A value to which the noise of `1/inverseCount` seeds is still to be added. */
export interface Drawn {
  centre: number;
  inverseCount: number;
}

/** Draws into the same object each time: this runs tens of thousands of times per pair. */
export type TuningSampler = (random: Random) => Readonly<Drawn>;

interface FoldTable {
  /** Oriented and weighted value by configuration. */
  centre: Float64Array;
  /** Weighted inverse seed count by configuration. */
  inverse: Float64Array;
  /** Place in the selecting order by configuration, 0 = best. */
  rank: Int32Array;
  order: readonly number[];
}

/** A sampler for one scored cell. */
export function tuningSampler(cell: ScoredCell, metric: Metric): TuningSampler {
  const { configurations, foldWeights } = cell;
  const tables = foldWeights.map((weight, fold) => foldTable(cell, metric, { weight, fold }));
  const only = tables[0];
  if (tables.length === 1 && only) return oneFoldSampler(only, configurations.length);
  return manyFoldSampler(tables, configurations.length);
}

function foldTable(
  cell: ScoredCell,
  metric: Metric,
  { weight, fold }: { weight: number; fold: number },
): FoldTable {
  const { configurations, seeds, foldScores } = cell;
  const n = configurations.length;
  const order = orderBest(
    configurations.map(({ select }) => at(select, fold)),
    configurations,
  );
  const table: FoldTable = {
    centre: new Float64Array(n),
    inverse: new Float64Array(n),
    rank: new Int32Array(n),
    order,
  };
  const read = (one: Configuration) => oriented(metric, at(one.report, fold));
  configurations.forEach((one, index) => {
    const reported = index === order[0];
    table.centre[index] = weight * (reported ? oriented(metric, at(foldScores, fold)) : read(one));
    table.inverse[index] = weight * (reported ? 1 / seeds.length : 1);
  });
  order.forEach((index, rank) => {
    table.rank[index] = rank;
  });
  return table;
}

/**
 * With one fold the best of n draws out of n has rank > r with probability ((n-r-1)/n)^n, so one
 * uniform number replaces n draws.
 */
function oneFoldSampler(table: FoldTable, n: number): TuningSampler {
  const beyond = Float64Array.from({ length: n }, (_, rank) => ((n - rank - 1) / n) ** n);
  const drawn: Drawn = { centre: 0, inverseCount: 0 };
  return (random) => {
    const u = random();
    let rank = 0;
    while (rank < n - 1 && u < (beyond[rank] as number)) rank++;
    const index = table.order[rank] as number;
    drawn.centre = table.centre[index] as number;
    drawn.inverseCount = table.inverse[index] as number;
    return drawn;
  };
}

/** Folds choose from the same resample, so it is drawn. */
function manyFoldSampler(tables: readonly FoldTable[], n: number): TuningSampler {
  const drawn: Drawn = { centre: 0, inverseCount: 0 };
  const best = new Int32Array(tables.length);
  return (random) => {
    best.fill(n);
    for (let draw = 0; draw < n; draw++) {
      const index = drawIndex(random, n);
      for (let fold = 0; fold < tables.length; fold++) {
        const rank = (tables[fold] as FoldTable).rank[index] as number;
        if (rank < (best[fold] as number)) best[fold] = rank;
      }
    }
    drawn.centre = 0;
    drawn.inverseCount = 0;
    for (let fold = 0; fold < tables.length; fold++) {
      const table = tables[fold] as FoldTable;
      const index = table.order[best[fold] as number] as number;
      drawn.centre += table.centre[index] as number;
      drawn.inverseCount += table.inverse[index] as number;
    }
    return drawn;
  };
}
