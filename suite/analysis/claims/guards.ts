/** What must hold before a claim is decided at all; each failure is named. */
import type { Board, BoardEntry } from "../board.ts";
import { formatCount, formatScore } from "../format.ts";
import { type Metric, oriented, type TaskFacts } from "../metric.ts";
import { axisWords, edgeWords, plural } from "../words.ts";

/** Fewer report seeds than this decide nothing. */
export const FEWEST_SEEDS = 3;

/** A cell that a claim needs. */
export interface NeededCell {
  optimizer: string;
  position: number;
}

/** What is wrong with a cell: not scored, too few seeds, or an optimum at the grid's edge. */
export interface CellProblem {
  optimizer: string;
  text: string;
  /** Scored, but the method might do better yet; never worse. */
  edge: boolean;
}

export function cellProblems(board: Board, needed: readonly NeededCell[]): CellProblem[] {
  return needed.flatMap(({ optimizer, position }) => {
    const entry = entryAt(board, { optimizer, position });
    const unusable = unusableWords(entry);
    const problem = unusable ?? (entry && edgeWords(entry));
    if (!problem) return [];
    const where = `${optimizer} at ${axisWords(board.axis)} ${formatCount(position)}`;
    return [{ optimizer, text: `${where}: ${problem}`, edge: unusable === null }];
  });
}

/** Cells trained on other data than the rest decide nothing. One tier is the board's own guarantee. */
export function differentData(board: Board, needed: readonly NeededCell[]): string[] {
  const checksums = new Set(
    needed.flatMap((cell) => entryAt(board, cell)?.cell?.datasetChecksums ?? []),
  );
  return checksums.size < 2
    ? []
    : [`one dataset: the cells were trained on ${checksums.size} different ones`];
}

/** All that is wrong with the cells that a claim needs. */
export function missingCells(board: Board, needed: readonly NeededCell[]): string[] {
  return [...cellProblems(board, needed).map(({ text }) => text), ...differentData(board, needed)];
}

function entryAt(board: Board, { optimizer, position }: NeededCell): BoardEntry | undefined {
  const row = board.rows.find((one) => one.optimizer === optimizer);
  return row?.entries[board.points.indexOf(position)];
}

function unusableWords(entry: BoardEntry | undefined): string | null {
  if (entry?.state !== "scored" || !entry.cell) return entry?.state ?? "not run";
  const seeds = entry.cell.seeds.length;
  return seeds < FEWEST_SEEDS ? `${plural(seeds, "report seed")} of ${FEWEST_SEEDS}` : null;
}

/** Every cell of some optimizers at some sizes of a board. */
export function cellsOf(optimizers: readonly string[], positions: readonly number[]): NeededCell[] {
  return optimizers.flatMap((optimizer) => positions.map((position) => ({ optimizer, position })));
}

/**
 * The competence floor: each baseline must reach it at its best size, or nothing is decided.
 *
 * @param board of the task's primary metric.
 */
export function incompetence(
  board: Board,
  baselines: readonly string[],
  { competenceFloor: floor }: TaskFacts,
): string[] {
  if (floor === undefined) return [];
  const { metric } = board;
  return baselines.flatMap((optimizer) => {
    const scores = (board.rows.find((row) => row.optimizer === optimizer)?.entries ?? [])
      .filter(({ state }) => state === "scored")
      .map(({ cell }) => oriented(metric, cell?.score ?? Number.NaN));
    const best = Math.max(...scores);
    return best >= oriented(metric, floor) ? [] : [belowFloor(optimizer, metric, { best, floor })];
  });
}

function belowFloor(
  optimizer: string,
  metric: Metric,
  { best, floor }: { best: number; floor: number },
): string {
  const reached = Number.isFinite(best)
    ? `reaches ${formatScore(metric, oriented(metric, best))}`
    : "is not scored";
  return `not enough training: ${optimizer} ${reached}, the floor is ${formatScore(metric, floor)}`;
}
