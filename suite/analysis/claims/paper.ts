/**
 * The paper's own reading of its claims: the same statistics on its published numbers, one number per
 * cell, best over its grid on the test set itself. It is shown beside our verdicts and never mixed
 * with them.
 */
import type { ClaimId } from "./claim.ts";
import type { Families } from "./evidence.ts";
import { gapTrend } from "./gap-grows.ts";
import { differenceAtEnd } from "./global-local.ts";
import { type IntervalCell, worstLoss } from "./interval-lengthened.ts";
import { leadsAt } from "./large-batch.ts";
import { lastingCrossover } from "./overtakes.ts";
import { degradationContrast } from "./psgd-degrades.ts";
import type { ScoreTable } from "./score-table.ts";

export interface PaperReading {
  claim: ClaimId;
  /** Where it was read, e.g. `mnist-mlp`. */
  where: string;
  /** In accuracy points, or as the claim's statistic is defined. */
  value: number;
  holds: boolean;
}

export interface PaperNumbers {
  /** Figure 1 by task: accuracies in percent. */
  figure1: Readonly<Record<string, ScoreTable>>;
  /** Table 1: validation losses, negated so that more is better. */
  table1: ScoreTable;
  /** Table 2: accuracies in [0, 1], one value per cell. */
  table2: readonly IntervalCell[];
  families: Families;
}

/** Largest early phase at which the paper's table shows a loss, and the first without. */
const TABLE_2_PERCENTS = [0.1, 0.3];

/** Every claim that the paper's published numbers can be read for. */
export function paperReadings(paper: PaperNumbers): PaperReading[] {
  const { families, table1, table2 } = paper;
  const readings = Object.entries(paper.figure1).flatMap(([task, table]) =>
    figureReadings(task, table, families),
  );
  const crossover = lastingCrossover("shampoo", "adamw")(table1) ?? Number.NaN;
  return [
    ...readings,
    {
      claim: "overtakes",
      where: "Table 1",
      value: crossover,
      holds: crossover > 0 && Number.isFinite(crossover),
    },
    ...TABLE_2_PERCENTS.map((percent): PaperReading => {
      const worst = 100 * worstLoss(table2, percent);
      return {
        claim: "interval-lengthened",
        where: `early phase of ${percent}% or more`,
        value: worst,
        holds: worst > -0.3,
      };
    }),
  ];
}

function figureReadings(task: string, table: ScoreTable, families: Families): PaperReading[] {
  const leads = leadsAt(table, families, Math.max(...table.positions));
  const ahead = leads.filter(({ lead }) => lead > 0).length;
  const others = families.secondOrder.filter((id) => id !== "psgd" && table.scores[id]);
  const contrast = degradationContrast({ subject: "psgd", like: "sgd", others })(table);
  const trend = gapTrend("shampoo", "adamw")(table);
  const local = differenceAtEnd({ global: "kfac", local: "kfac-local" }, "smallest")(table);
  const reading = (claim: ClaimId, value: number | null, holds: boolean): PaperReading[] =>
    value === null ? [] : [{ claim, where: task, value, holds }];
  return [
    ...reading("large-batch", ahead, ahead >= (2 / 3) * leads.length),
    ...reading("gap-grows", trend, (trend ?? 0) > 0),
    ...reading("psgd-degrades", contrast, (contrast ?? 0) < 0),
    ...reading("global-beats-local", local, (local ?? 0) > 0),
  ];
}
