/** @file Every board of the results, scored once per build. */
import { type Board, boardOf } from "../../../suite/analysis/board.ts";
import type { Axis } from "../../../suite/analysis/crossover.ts";
import type { TaskFacts } from "../../../suite/analysis/metric.ts";
import { comparePair, type PairComparison } from "../../../suite/analysis/pairs.ts";
import type { PlannedCell } from "../../../suite/analysis/plan.ts";
import { type MeasuredCell, scoreCells } from "../../../suite/analysis/score-cells.ts";
import { groupBy } from "../../../suite/analysis/statistics.ts";
import { factsOf } from "../../../suite/protocol/facts.ts";
import type { TaskDeclaration } from "../../../suite/protocol/task.ts";
import { invalidReason } from "../../../suite/protocol/validity.ts";
import type { CellFile } from "../../../suite/results/schema.ts";
import { BOARD_TIERS, type BoardTier, rankOf, TASKS } from "./catalogue.ts";
import { boardLink, sliceLink } from "./links.ts";
import { allFiles } from "./results.ts";

/** One axis of a board at one value of the other. */
export interface Slice {
  /** `batch-n50000`: over batch sizes at that dataset size; `dataset-b64`: the other way round. */
  readonly id: string;
  readonly board: Board;
  readonly files: readonly CellFile[];
}

export interface TaskBoard {
  readonly task: TaskDeclaration;
  readonly tier: BoardTier;
  readonly facts: TaskFacts;
  readonly files: readonly CellFile[];
  readonly cells: readonly MeasuredCell[];
  /** The main slice first; empty without results. */
  readonly slices: readonly Slice[];
}

/** Fewer points than this are no curve of their own. */
const FEWEST_POINTS = 3;

const built = new Map<string, TaskBoard>();

/** Every task at every tier that it has, measured or not. */
export function allBoards(): readonly TaskBoard[] {
  if (built.size === 0) {
    const groups = groupBy(allFiles(), ({ cell }) => `${cell.tier}/${cell.task}`);
    for (const task of TASKS) {
      for (const tier of BOARD_TIERS.filter((one) => task.tiers[one])) {
        const key = `${tier}/${task.id}`;
        built.set(key, taskBoard(task, tier, groups.get(key) ?? []));
      }
    }
  }
  return [...built.values()];
}

/** Where a slice stands: the main one has the board's own address. */
export function sliceHref({ id, board: { task, tier } }: Slice): string {
  const main = built.get(`${tier}/${task}`)?.slices[0]?.id;
  return id === main ? boardLink(task, tier) : sliceLink(task, tier, id);
}

/** The boards that have a score to show. */
export function measuredBoards(): readonly TaskBoard[] {
  return allBoards().filter(({ slices }) => slices.length > 0);
}

function taskBoard(task: TaskDeclaration, tier: BoardTier, files: readonly CellFile[]): TaskBoard {
  const facts = factsOf(task, tier);
  const scoring = { tier, task: task.id, facts };
  const cells = scoreCells(files, scoring);
  const boardFiles = files.filter(({ arm }) => arm === "board");
  const sliceOf = (axis: Axis, fixed?: number): Slice[] => {
    const own = fixed === undefined ? cells : curvesOn(cells, axis, fixed);
    const measured = boardOf(own, { ...scoring, axis, ...(fixed !== undefined && { fixed }) });
    if (!measured || (fixed !== undefined && measured.points.length < FEWEST_POINTS)) return [];
    const plan = plannedCells(task, tier, measured);
    const board = boardOf(own, { ...scoring, axis, fixed: measured.fixed, plan });
    if (!board) return [];
    const id = axis === "batch" ? `batch-n${board.fixed}` : `dataset-b${board.fixed}`;
    const inside = boardFiles.filter(
      ({ cell }) => (axis === "batch" ? cell.datasetSize : cell.batchSize) === board.fixed,
    );
    return [{ id, board, files: inside }];
  };
  const byBatch = sliceOf("batch");
  const byDataset = sliceOf("dataset");
  const lengthOf = ([slice]: readonly Slice[]) => slice?.board.points.length ?? 0;
  // A task at one batch size is about its dataset sizes.
  const about = lengthOf(byBatch) < FEWEST_POINTS && lengthOf(byDataset) > lengthOf(byBatch);
  const main = about ? byDataset : byBatch;
  const sizes = (key: "batchSize" | "datasetSize") =>
    [...new Set(cells.map(({ cell }) => cell[key]))].sort((a, b) => b - a);
  const others = [
    ...sizes("datasetSize").flatMap((size) => sliceOf("batch", size)),
    ...sizes("batchSize").flatMap((size) => sliceOf("dataset", size)),
  ].filter(({ id }) => id !== main[0]?.id);
  return { task, tier, facts, files, cells, slices: [...main, ...others] };
}

/** Cells of the methods that have a curve at a value of the other axis: a point is none. */
function curvesOn(cells: readonly MeasuredCell[], axis: Axis, fixed: number): MeasuredCell[] {
  const here = cells.filter(
    ({ cell }) => (axis === "batch" ? cell.datasetSize : cell.batchSize) === fixed,
  );
  return [...groupBy(here, ({ cell }) => cell.optimizer).values()].flatMap((own) =>
    own.length > 1 ? own : [],
  );
}

/** What the tier plans for the methods of a slice, so that holes are seen. */
function plannedCells(
  task: TaskDeclaration,
  tier: BoardTier,
  { axis, fixed, rows }: Board,
): PlannedCell[] {
  const protocol = task.tiers[tier];
  if (!protocol) return [];
  const { batchSizes, datasetSizes, datasetAxisBatchSizes, budget } = protocol;
  const whole = datasetSizes.at(-1) === fixed;
  const points =
    axis === "dataset"
      ? datasetAxisBatchSizes.includes(fixed)
        ? datasetSizes
        : []
      : whole
        ? batchSizes
        : datasetSizes.includes(fixed)
          ? datasetAxisBatchSizes
          : [];
  return rows.flatMap(({ optimizer }) =>
    points.map((position): PlannedCell => {
      const [batchSize, datasetSize] = axis === "batch" ? [position, fixed] : [fixed, position];
      const invalid = invalidReason(budget, batchSize, datasetSize);
      return {
        cell: { optimizer, batchSize, datasetSize },
        configurations: [],
        reportSeeds: [],
        ...(invalid && { invalid }),
      };
    }),
  );
}

const compared = new WeakMap<Board, Map<string, PairComparison | null>>();

/** The comparison of two optimizers on a slice; null without common data. */
export function pairOn(
  { board }: Slice,
  challenger: string,
  baseline: string,
): PairComparison | null {
  const pairs = compared.get(board) ?? new Map<string, PairComparison | null>();
  compared.set(board, pairs);
  const key = `${challenger}/${baseline}`;
  const known = pairs.get(key);
  if (known !== undefined) return known;
  const rows = new Set(board.rows.map(({ optimizer }) => optimizer));
  const found =
    rows.has(challenger) && rows.has(baseline) ? comparePair(board, challenger, baseline) : null;
  pairs.set(key, found);
  return found;
}

export interface PairData {
  readonly challenger: string;
  readonly baseline: string;
  readonly on: readonly { readonly slice: Slice; readonly pair: PairComparison }[];
}

let pairs: readonly PairData[] | undefined;

/** Every two optimizers with common data; the later in the catalogue challenges the earlier. */
export function allPairs(): readonly PairData[] {
  pairs ??= findPairs();
  return pairs;
}

function findPairs(): PairData[] {
  const slices = measuredBoards().flatMap((board) => board.slices);
  const ids = [
    ...new Set(slices.flatMap(({ board }) => board.rows.map(({ optimizer }) => optimizer))),
  ].sort((a, b) => rankOf(a) - rankOf(b) || (a < b ? -1 : 1));
  return ids.flatMap((baseline, index) =>
    ids.slice(index + 1).flatMap((challenger): PairData[] => {
      const on = slices.flatMap((slice) => {
        const pair = pairOn(slice, challenger, baseline);
        return pair ? [{ slice, pair }] : [];
      });
      return on.length > 0 ? [{ challenger, baseline, on }] : [];
    }),
  );
}
