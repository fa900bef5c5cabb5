/** @file The figures of a board: its curves, and where challengers overtake the baselines. */
import { formatCount } from "../../../suite/analysis/format.ts";
import type { PairComparison } from "../../../suite/analysis/pairs.ts";
import {
  axisWords,
  comparedOnce,
  crossoverWords,
  listed,
  tiedWords,
} from "../../../suite/analysis/words.ts";
import type { FigurePoint } from "../../../suite/studies/figure.ts";
import { pairOn, type Slice } from "../data/boards.ts";
import { nameOf, OPTIMIZERS, rankOf } from "../data/catalogue.ts";
import type { FigureSpec, StripRow } from "./spec.ts";

/** What challengers are compared with. */
export const BASELINES = ["sgd", "adamw"] as const;

export function sliceTitle({ board }: Slice): string {
  const fixed = board.axis === "batch" ? "dataset size" : "batch size";
  return `by ${axisWords(board.axis)}, at ${fixed} ${formatCount(board.fixed)}`;
}

const commandOf = ({ board: { task, tier, axis } }: Slice, versus?: string) =>
  `npm run board -- --task ${task} --tier ${tier}${axis === "dataset" ? " --axis dataset" : ""}${versus ? ` --versus ${versus}` : ""}`;

/** Score over the axis, one line per optimizer. */
export function curvesFigure(slice: Slice): FigureSpec {
  const { board, id, files } = slice;
  const percent = board.metric.quantity === "accuracy";
  const factor = percent ? 100 : 1;
  const rows = [...board.rows].sort((a, b) => rankOf(a.optimizer) - rankOf(b.optimizer));
  const series = rows.flatMap(({ optimizer, entries }) => {
    const points = entries.flatMap(({ cell, interval, position, state }): FigurePoint[] => {
      if (state !== "scored" || !cell) return [];
      const ends = interval && { low: factor * interval.low, high: factor * interval.high };
      return [{ x: position, y: factor * cell.score, ...ends }];
    });
    return points.length > 0 ? [{ name: optimizer, points }] : [];
  });
  const scored = board.points.flatMap((_, column) =>
    board.rows.some(({ entries }) => entries[column]?.state === "scored") ? [column] : [],
  );
  const [first, last] = [scored[0] ?? 0, scored.at(-1) ?? 0];
  const at = (column: number) => formatCount(board.points[column] ?? 0);
  return {
    id: `boards/${board.task}.${board.tier}.${id}`,
    title: `${board.metric.name} ${sliceTitle(slice)}`,
    finding: `In the lead at ${axisWords(board.axis)} ${at(first)}: ${leaders(slice, first)}${last > first ? `; at ${at(last)}: ${leaders(slice, last)}` : ""}. Bands are 95% intervals.`,
    figure: {
      kind: "lines",
      panels: [
        {
          title: "",
          x: { label: axisWords(board.axis), scale: "log2" },
          y: { label: percent ? `${board.metric.name} (%)` : board.metric.name, scale: "linear" },
          series,
        },
      ],
    },
    command: commandOf(slice),
    files,
  };
}

function leaders({ board }: Slice, column: number): string {
  const tied = board.rows.filter(({ entries }) => entries[column]?.tied);
  if (tied.length <= 4)
    return tiedWords(board.rows, column).replace(/[a-z0-9-]+/g, (id) => nameOf(id));
  return `${listed(tied.slice(0, 3).map(({ optimizer }) => nameOf(optimizer)))} and ${tied.length - 3} others cannot be told apart`;
}

/** Challengers that a strip shows: all but the baselines, in catalogue order. */
function challengers({ board }: Slice): string[] {
  return board.rows
    .map(({ optimizer }) => optimizer)
    .filter((id) => !(BASELINES as readonly string[]).includes(id))
    .sort((a, b) => rankOf(a) - rankOf(b));
}

/** Where every challenger overtakes a baseline, with its interval; null without a pair. */
export function stripFigure(slice: Slice, baseline: string): FigureSpec | null {
  const found = challengers(slice)
    .flatMap((id) => pairOn(slice, id, baseline) ?? [])
    .sort((a, b) => placeOf(a) - placeOf(b));
  if (found.length === 0) return null;
  const { board, id, files } = slice;
  const grid = [...new Set(found.flatMap(({ points }) => points.map(({ position }) => position)))];
  const beyond = board.axis === "batch" ? "above" : "below";
  return {
    id: `boards/${board.task}.${board.tier}.${id}.crossover-${baseline}`,
    title: `Where each method overtakes ${nameOf(baseline)}, ${sliceTitle(slice)}`,
    finding: `${stripFinding(found, baseline)} ${axisName(board.axis)} ${beyond} the mark: the method stays ahead; bars are 95% intervals.`,
    figure: {
      kind: "strip",
      x: { label: axisWords(board.axis), scale: "log2" },
      grid,
      rows: found.map(stripRow),
    },
    command: commandOf(slice, baseline),
    files,
  };
}

/** A tie has no place on the axis, and neither has what was compared at a single size. */
const isUnplaced = (pair: PairComparison) => pair.tie || comparedOnce(pair);

/** Those that lead over the widest range first, those without a place last. */
function placeOf(pair: PairComparison): number {
  if (isUnplaced(pair)) return Number.MAX_VALUE;
  const { lasting } = pair.crossover;
  const place = pair.board.axis === "batch" ? lasting : -lasting;
  return Math.min(place, Number.MAX_SAFE_INTEGER);
}

const axisName = (axis: "batch" | "dataset") =>
  axis === "batch" ? "Batch sizes" : "Dataset sizes";

function stripRow(pair: PairComparison): StripRow {
  const { challenger, crossover, interval } = pair;
  const at = crossover.lasting;
  return {
    name: challenger,
    at,
    low: interval?.low ?? at,
    high: interval?.high ?? at,
    words: crossoverWords(pair),
    unplaced: isUnplaced(pair),
  };
}

function stripFinding(pairs: readonly PairComparison[], baseline: string): string {
  const named = (outcome: string) =>
    pairs
      .filter((pair) => !isUnplaced(pair) && pair.crossover.outcome === outcome)
      .map(({ challenger }) => nameOf(challenger));
  const ties = pairs.filter(({ tie }) => tie).map(({ challenger }) => nameOf(challenger));
  const once = pairs
    .filter((pair) => !pair.tie && comparedOnce(pair))
    .map(({ challenger }) => nameOf(challenger));
  const parts = [
    [named("crosses"), "cross it inside the grid"],
    [named("always"), "lead at every size"],
    [named("never"), "never lead"],
    [named("lost"), "lead earlier and lose it"],
    [ties, "cannot be told apart from it anywhere"],
    [once, "measured at one common size so far"],
  ] as const;
  const said = parts
    .filter(([names]) => names.length > 0)
    .map(([names, what]) => `${listed(names)}: ${what}`);
  return `Against ${nameOf(baseline)}. ${said.join("; ")}.`;
}

/** The baselines that a slice has a row for. */
export function baselinesOf({ board }: Slice): string[] {
  return BASELINES.filter((id) => board.rows.some(({ optimizer }) => optimizer === id));
}

/** Step cost by phase at the middle of a slice, medians over report trials. */
export function costFigure(slice: Slice): FigureSpec | null {
  const { board, files, id } = slice;
  const position = board.points[Math.floor(board.points.length / 2)];
  const rows = OPTIMIZERS.flatMap(({ declaration }) => {
    const file = files.find(
      ({ cell }) =>
        cell.optimizer === declaration.id &&
        (board.axis === "batch" ? cell.batchSize : cell.datasetSize) === position,
    );
    const trial = file?.trials.find(
      ({ role, status }) => role === "report" && status === "finished",
    );
    if (!trial) return [];
    const parts = Object.entries(trial.cost.perStep).map(([name, { flops }]) => ({
      name,
      value: flops,
    }));
    return [{ name: declaration.id, parts }];
  });
  if (rows.length === 0 || position === undefined) return null;
  return {
    id: `boards/${board.task}.${board.tier}.${id}.cost`,
    title: `What a step costs, by phase, at ${axisWords(board.axis)} ${formatCount(position)}`,
    finding:
      "FLOPs of one update, counted at the kernels: the same on every machine. Means over a trial, so that interval work is spread.",
    figure: { kind: "bars", unit: "FLOPs", rows },
    command: commandOf(slice),
    files,
  };
}
