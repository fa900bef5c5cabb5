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

/**
 * What is wrong with the cells that a claim needs: not scored, too few seeds, not tuned, an optimum at
 * the grid's edge, or trained on other data than the rest.
 */
export function missingCells(board: Board, needed: readonly NeededCell[]): string[] {
  const problems = needed.flatMap((cell) => {
    const problem = problemOf(entryAt(board, cell));
    const where = `${cell.optimizer} at ${axisWords(board.axis)} ${formatCount(cell.position)}`;
    return problem ? [`${where}: ${problem}`] : [];
  });
  return [...problems, ...differentData(board, needed)];
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

function entryAt(board: Board, { optimizer, position }: NeededCell): BoardEntry | undefined {
  const row = board.rows.find((one) => one.optimizer === optimizer);
  return row?.entries[board.points.indexOf(position)];
}

function problemOf(entry: BoardEntry | undefined): string | null {
  if (entry?.state !== "scored" || !entry.cell) return entry?.state ?? "not run";
  const seeds = entry.cell.seeds.length;
  if (seeds < FEWEST_SEEDS) return `${plural(seeds, "report seed")} of ${FEWEST_SEEDS}`;
  // A given configuration may be a lucky or a poor one; it decides nothing beside tuned ones.
  if (entry.cell.tuneSeeds === 0) return "not tuned";
  return edgeWords(entry);
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
