/** The one place where outcomes become words; the command line and the site both read it. */
import type { Status } from "../results/schema.ts";
import type { BoardEntry, BoardRow } from "./board.ts";
import type { Verdict } from "./claims/claim.ts";
import type { CrossoverInterval } from "./crossover-interval.ts";
import {
  formatCount,
  formatDifference,
  formatProbability,
  formatRatio,
  formatSize,
} from "./format.ts";
import type { PairComparison } from "./pairs.ts";
import type { RankRange } from "./ranks.ts";
import { at } from "./statistics.ts";

/** A mark for tables and plots, and its word; never colour alone. */
export const STATUS_WORDS: Readonly<Record<Status, { mark: string; word: string }>> = {
  finished: { mark: "✓", word: "finished" },
  diverged: { mark: "↯", word: "diverged" },
  "stopped-early": { mark: "⏹", word: "stopped early" },
  "out-of-memory": { mark: "▣", word: "out of memory" },
  "timed-out": { mark: "⏱", word: "timed out" },
  failed: { mark: "✗", word: "failed" },
};

/** The same for a cell of a board. */
export const STATE_WORDS: Readonly<Record<BoardEntry["state"], { mark: string; word: string }>> = {
  scored: { mark: "✓", word: "scored" },
  failed: { mark: "✗", word: "failed: every configuration diverged" },
  unreported: { mark: "…", word: "tuned, report seeds missing" },
  invalid: { mark: "⊘", word: "invalid" },
  "not run": { mark: "·", word: "not run" },
};

/** The same for the verdict of a claim. */
export const VERDICT_WORDS: Readonly<Record<Verdict, { mark: string; word: string }>> = {
  supported: { mark: "✓", word: "supported" },
  "not supported": { mark: "✗", word: "not supported" },
  "not enough data": { mark: "…", word: "not enough data" },
};

/** `1`, or `2–4` when ranks cannot be told apart. */
export function rankWords(rank: RankRange | null): string {
  if (!rank) return "–";
  return rank.best === rank.worst ? `${rank.best}` : `${rank.best}–${rank.worst}`;
}

/** `24 configurations × 1 seed, 3 report seeds`. */
export function budgetWords(entry: BoardEntry): string {
  if (!entry.cell) return "–";
  const { configurations, tuneSeeds, seeds, diverged } = entry.cell;
  const tuning =
    tuneSeeds === 0
      ? "not tuned"
      : `${plural(configurations.length, "configuration")} × ${plural(tuneSeeds, "seed")}`;
  const lost = diverged > 0 ? `, ${diverged} of ${seeds.length} diverged` : "";
  return `${tuning}, ${plural(seeds.length, "report seed")}${lost}`;
}

export function plural(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/** `optimum at the grid's edge: damping 1 (among the highest tried)`. */
export function edgeWords(entry: BoardEntry): string | null {
  const edges = entry.cell?.edges ?? [];
  if (edges.length === 0) return null;
  const list = edges.map(
    ({ hyperparameter, value, side }) => `${hyperparameter} ${value} (among the ${side} tried)`,
  );
  return `optimum at the grid's edge: ${list.join(", ")}`;
}

/** Who leads the board: `kfac`, or `kfac and shampoo cannot be told apart`. */
export function tiedWords(rows: readonly BoardRow[], column: number): string {
  const tied = rows.filter(({ entries }) => entries[column]?.tied).map((row) => row.optimizer);
  if (tied.length === 0) return "nothing scored";
  return tied.length === 1 ? at(tied, 0) : `${listed(tied)} cannot be told apart`;
}

/** `a`, `a and b`, `a, b and c`. */
export function listed(items: readonly string[]): string {
  if (items.length < 2) return items.join("");
  return `${items.slice(0, -1).join(", ")} and ${items.at(-1)}`;
}

const AXIS_WORDS = { batch: "batch size", dataset: "dataset size" } as const;

/** `batch size` or `dataset size`. */
export function axisWords(axis: keyof typeof AXIS_WORDS): string {
  return AXIS_WORDS[axis];
}

/** One end of a crossover's interval; beyond the grid it says so: `> 8,192`. */
export function crossoverEndWords(
  value: number,
  grid: { smallest: number; largest: number },
): string {
  if (value <= 0) return `≤ ${formatCount(grid.smallest)}`;
  if (value === Number.POSITIVE_INFINITY) return `> ${formatCount(grid.largest)}`;
  return formatSize(value);
}

function gridOf(pair: PairComparison): { smallest: number; largest: number } {
  return {
    smallest: at(pair.points, 0).position,
    largest: at(pair.points, pair.points.length - 1).position,
  };
}

/** The crossover in a few words: `about 750 (95%: 520 to 1,300)`, `always`, `never`, `lost`, `tie`. */
export function crossoverWords(pair: PairComparison): string {
  if (pair.tie) return "tie: no size at which they surely differ";
  if (comparedOnce(pair)) return onceWords(pair);
  const grid = gridOf(pair);
  const point = {
    always: "always ahead",
    never: "never ahead",
    lost: "ahead earlier, lost at the end",
    crosses: `about ${formatSize(pair.crossover.lasting)}`,
  }[pair.crossover.outcome];
  const flags = [
    ...(pair.crossover.several ? [plural(pair.crossover.crossings.length, "crossing")] : []),
    ...(pair.gaps.length > 0 ? [`sparse: ${listed(pair.gaps.map(formatCount))} missing`] : []),
  ];
  return [point, intervalWords(pair.interval, grid), ...flags].filter(Boolean).join("; ");
}

/** Whether only one size is common: curves need two to cross, or not to. */
export const comparedOnce = (pair: PairComparison): boolean => pair.points.length === 1;

/** `ahead at batch size 64, the only one that both have`. */
function onceWords({ points, board }: PairComparison): string {
  const { reading, position } = at(points, 0);
  return `${reading} at ${axisWords(board.axis)} ${formatCount(position)}, the only one that both have`;
}

function intervalWords(
  interval: CrossoverInterval | null,
  grid: { smallest: number; largest: number },
): string {
  if (!interval) return "no interval (too few seeds)";
  const [low, high] = [interval.low, interval.high].map((end) => crossoverEndWords(end, grid));
  return low === high ? `95%: ${low}` : `95%: ${low} to ${high}`;
}

/** Sentences that can be quoted: the finding, its interval, and the cost. */
export function pairSentences(pair: PairComparison): string[] {
  return [findingSentence(pair), ...uncertaintySentence(pair), ...costSentences(pair)];
}

function findingSentence(pair: PairComparison): string {
  const { challenger, baseline, board, crossover } = pair;
  const where = `On ${board.task} (tier ${board.tier})`;
  const size = axisWords(board.axis);
  const { smallest, largest } = gridOf(pair);
  const range = `from ${size} ${formatCount(smallest)} to ${formatCount(largest)}`;
  if (pair.tie) {
    return `${where}, ${challenger} and ${baseline} cannot be told apart by ${board.metric.name} ${range}.`;
  }
  const beyond = board.axis === "batch" ? "above" : "below";
  const best = extremePoint(pair);
  if (comparedOnce(pair)) {
    const by = formatDifference(board.metric, best.difference, best.standardError);
    return `${where}, ${challenger} differs from ${baseline} by ${by}: ${onceWords(pair)}.`;
  }
  const lead = `${formatDifference(board.metric, best.difference, best.standardError)} at ${formatCount(best.position)}`;
  switch (crossover.outcome) {
    case "always":
      return `${where}, ${challenger} is ahead of ${baseline} at every ${size} ${range} (${lead}).`;
    case "never":
      return `${where}, ${challenger} is ahead of ${baseline} at no ${size} ${range} (${lead}).`;
    case "lost":
      return `${where}, ${challenger} is ahead of ${baseline} at some ${size}s but not at the end of the range (${lead}).`;
    case "crosses":
      return `${where}, ${challenger} stays ahead of ${baseline} ${beyond} ${size} ${formatSize(crossover.lasting)} (${lead}).`;
  }
}

/** The last point in the direction in which second-order methods are expected to win. */
function extremePoint(pair: PairComparison) {
  return pair.board.axis === "batch" ? at(pair.points, pair.points.length - 1) : at(pair.points, 0);
}

function uncertaintySentence(pair: PairComparison): string[] {
  const { interval } = pair;
  if (!interval || pair.tie || comparedOnce(pair)) return [];
  const chances = [
    ["leads everywhere", interval.always],
    ["does not lead at the end", interval.never],
    ["crosses more than once", interval.several],
  ] as const;
  const said = chances
    .filter(([, share]) => share > 0)
    .map(([what, share]) => `${what} in ${formatProbability(share)}`);
  const shares = said.length > 0 ? `; of the replicates it ${listed(said)}` : "";
  return [
    `The 95% interval of the crossover, with seeds and tuning resampled, is ` +
      `${intervalWords(interval, gridOf(pair)).replace("95%: ", "")}${shares}.`,
  ];
}

function costSentences({ cost, challenger, baseline }: PairComparison): string[] {
  if (!Number.isFinite(cost.flopsPerStep)) return [];
  const seconds = cost.secondsPerStep.map(
    ({ deviceClass, ratio }) => `${formatRatio(ratio)} the seconds on ${deviceClass}`,
  );
  const parts = [
    `${formatRatio(cost.flopsPerStep)} the FLOPs`,
    `${formatRatio(cost.peakBytes)} the memory`,
    ...seconds,
  ];
  return [`A step of ${challenger} takes ${listed(parts)} of one of ${baseline}.`];
}
