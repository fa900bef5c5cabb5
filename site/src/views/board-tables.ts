/** @file The tables of a board: the matrix of scores, every entry in detail, what was not run. */
import type { Board, BoardEntry } from "../../../suite/analysis/board.ts";
import {
  formatAmount,
  formatCount,
  formatScore,
  formatSeconds,
} from "../../../suite/analysis/format.ts";
import { makerWords } from "../../../suite/analysis/makers.ts";
import { groupBy } from "../../../suite/analysis/statistics.ts";
import {
  axisWords,
  budgetWords,
  edgeWords,
  plural,
  rankWords,
  tiedWords,
} from "../../../suite/analysis/words.ts";
import type { TaskDeclaration } from "../../../suite/protocol/task.ts";
import type { Cell } from "../../../suite/results/schema.ts";
import { groupsOf, named, variantOf } from "../data/catalogue.ts";
import { benchCommand, estimatedSeconds } from "../data/estimates.ts";
import { cellLink } from "../data/links.ts";
import { sliceTitle } from "../figures/board-figures.ts";
import { type Html, html } from "../html.ts";
import { anchorOf, scrollTable } from "./figure.ts";
import { intervalText, matrixCell, optimizerName, stateWords, statusCounts } from "./score.ts";

/** What the filter reads off a row. */
function rowAttributes(optimizer: string): Html {
  const variant = variantOf(optimizer);
  return html`data-optimizer="${optimizer}" data-groups="${groupsOf(optimizer).join(" ")}"${variant ? html` data-variant="${variant}"` : null}`;
}

export function matrix(board: Board, id: string, task: TaskDeclaration): Html {
  const head = board.points.map((position) => html`<th scope="col">${formatCount(position)}</th>`);
  const rows = board.rows.map(
    ({ optimizer, entries }) =>
      html`<tr ${rowAttributes(optimizer)}><th scope="row">${optimizerName(optimizer)}</th>${entries.map((entry) => matrixCell(board, entry, estimateWords(board, task, optimizer, entry)))}</tr>`,
  );
  const leaders = board.points.map((_, column) => {
    const count = board.rows.filter(({ entries }) => entries[column]?.tied).length;
    return html`<td><small>${count === 0 ? "–" : count === 1 ? named(tiedWords(board.rows, column)) : `${count} tied`}</small></td>`;
  });
  const { coverage } = board;
  return html`<h3 id="${id}-scores">Scores</h3>
${scrollTable(`${board.metric.name} ${sliceTitle({ board, id, files: [] })}, in order of mean rank`, html`<thead><tr><th scope="col">optimizer</th>${head}</tr></thead><tbody>${rows}</tbody><tfoot><tr><th scope="row">in the lead</th>${leaders}</tr></tfoot>`, `class="matrix"`)}
<p class="note">${formatCount(coverage.measured)} of ${formatCount(coverage.expected)} cells are measured. A rank range says which ranks the noise of seeds and tuning allows; entries tied for the lead cannot be told apart from the leader (5%, Holm). ⇥ marks an optimum at the grid's edge: the method may do better beyond. ↯ marks diverged report seeds. Digits end where the standard error begins.</p>
${missingCells(board, task)}`;
}

function cellAt({ tier, task, axis, fixed }: Board, optimizer: string, position: number): Cell {
  const [batchSize, datasetSize] = axis === "batch" ? [position, fixed] : [fixed, position];
  return { tier, task, optimizer, batchSize, datasetSize };
}

/** `about 4 min`, for a cell that was not run. */
function estimateWords(
  board: Board,
  task: TaskDeclaration,
  optimizer: string,
  { state, position }: BoardEntry,
): string | null {
  if (state !== "not run") return null;
  const seconds = estimatedSeconds(task, cellAt(board, optimizer, position));
  return seconds === undefined ? null : `about ${formatSeconds(seconds)}`;
}

/** One command for each method with holes, and what it costs. */
function missingCells(board: Board, task: TaskDeclaration): Html | null {
  const { missing } = board.coverage;
  if (missing.length === 0) return null;
  const items = [...groupBy(missing, ({ optimizer }) => optimizer)].map(([optimizer, holes]) => {
    const positions = holes.map(({ position }) => position);
    const costs = positions.map((one) => estimatedSeconds(task, cellAt(board, optimizer, one)));
    const total = costs.reduce((sum, one) => (sum ?? Number.NaN) + (one ?? Number.NaN), 0);
    const cost = Number.isFinite(total) ? `, about ${formatSeconds(total ?? 0)} of one core` : "";
    const { axis, fixed } = board;
    const command =
      axis === "batch"
        ? benchCommand(cellAt(board, optimizer, 0), positions, [fixed])
        : benchCommand(cellAt(board, optimizer, 0), [fixed], positions);
    return html`<li ${rowAttributes(optimizer)}>${optimizerName(optimizer)} at ${positions.map(formatCount).join(", ")}${cost}: <code class="command">${command}</code></li>`;
  });
  return html`<details><summary>${plural(missing.length, "cell")} not run: what each costs, and its command</summary><ul>${items}</ul></details>`;
}

const COLUMNS = [
  ["optimizer", "optimizer"],
  ["", "position"],
  ["rank", "rank"],
  ["", "score"],
  ["95% interval", ""],
  ["steps", "steps"],
  ["FLOPs", "flops"],
  ["seconds", "seconds"],
  ["tuned, reported", ""],
  ["trials by status", ""],
  ["notes", ""],
] as const;

export function entries(board: Board, id: string, open: boolean, task: TaskDeclaration): Html {
  const classes = deviceClasses(board);
  const bodies = board.points.map((_, column) => {
    const rows = board.rows
      .map(({ optimizer, entries: own }) => ({ optimizer, entry: own[column] }))
      .filter((one): one is { optimizer: string; entry: BoardEntry } => one.entry !== undefined)
      .sort((a, b) => middle(a.entry) - middle(b.entry));
    return rows.map(({ optimizer, entry }) => entryRow(board, optimizer, entry, { classes, task }));
  });
  const count = board.points.length * board.rows.length;
  const words: Readonly<Record<string, string>> = {
    position: axisWords(board.axis),
    score: board.metric.name,
  };
  const header = COLUMNS.map(
    ([word, key]) =>
      html`<th scope="col"${key ? html` data-key="${key}"` : null}>${word || words[key]}</th>`,
  );
  return html`<details class="detail" ${open ? "open" : ""}><summary>Every entry: interval, budget, cost, status</summary>
<p class="shown" aria-live="polite" data-shown="${id}">${count} of ${count} shown</p>
${scrollTable(`Every entry ${sliceTitle({ board, id, files: [] })}`, html`<thead><tr>${header}</tr></thead><tbody>${bodies}</tbody>`, `class="entries" data-entries="${id}" id="${anchorOf(id)}-entries"`)}
<p class="note">Seconds are medians over report trials, on ${classes.map((one, i) => html`${i > 0 ? "; " : ""}${classes.length > 1 ? html`<b>${letterOf(i)}</b> ` : null}<code>${one}</code>`)}. They compare inside one device class only. Under “tuned, reported”: configurations × tuning seeds, then report seeds.</p></details>`;
}

const deviceClasses = (board: Board) =>
  [
    ...new Set(
      board.rows.flatMap(({ entries: own }) =>
        own.flatMap(({ seconds }) => seconds.map(({ deviceClass }) => deviceClass)),
      ),
    ),
  ].sort();

const letterOf = (index: number) => String.fromCharCode(65 + index);

const middle = ({ rank }: BoardEntry) => (rank ? (rank.best + rank.worst) / 2 : 1e9);

function entryRow(
  board: Board,
  optimizer: string,
  entry: BoardEntry,
  { classes, task }: { classes: readonly string[]; task: TaskDeclaration },
): Html {
  const { cell, state, rank, tied, position } = entry;
  const name = html`<th scope="row">${optimizerName(optimizer)}</th><td>${formatCount(position)}</td>`;
  const attributes = html`${rowAttributes(optimizer)} data-position="${position}"`;
  if (!cell) {
    const estimate = estimateWords(board, task, optimizer, entry);
    return html`<tr ${attributes}>${name}<td colspan="9" class="text">${stateWords(state)}${entry.reason ? html`: ${entry.reason}` : estimate ? html`: ${estimate} of one core` : null}</td></tr>`;
  }
  const scored = state === "scored";
  const order = html`data-rank="${middle(entry)}" data-score="${scored ? cell.score : ""}" data-steps="${cell.cost.steps}" data-flops="${cell.cost.flops}" data-seconds="${entry.seconds[0]?.seconds ?? ""}"`;
  const seconds = entry.seconds.map(
    ({ deviceClass, seconds: s }) =>
      html`${formatSeconds(s)}${classes.length > 1 ? html` <small>${letterOf(classes.indexOf(deviceClass))}</small>` : null} `,
  );
  return html`<tr ${attributes} ${order} class="${tied ? "tied" : ""}">${name}<td>${scored ? rankWords(rank) : "–"}${tied ? html`<small>${leadWords(board, position)}</small>` : null}</td><td>${scored ? html`<a href="${cellLink(cell.cell)}">${formatScore(board.metric, cell.score, entry.standardError)}</a>` : stateWords(state)}</td><td>${intervalText(board, entry)}</td><td>${formatCount(cell.cost.steps)}</td><td>${formatAmount(cell.cost.flops)}</td><td>${seconds}</td><td title="${budgetWords(entry)}">${cell.configurations.length} × ${cell.tuneSeeds}, ${cell.seeds.length}</td><td>${statusCounts(cell.statuses)}</td><td>${[...cell.makers.map(makerWords), edgeWords(entry)].filter(Boolean).join("; ")}</td></tr>`;
}

/** `leads`, `tied for the lead` where several do, or `alone so far`. */
function leadWords({ points, rows }: Board, position: number): string {
  const column = points.indexOf(position);
  const own = rows.flatMap(({ entries: all }) => all[column] ?? []);
  if (own.filter(({ state }) => state === "scored").length < 2) return "alone so far";
  return own.filter(({ tied }) => tied).length > 1 ? "tied for the lead" : "leads";
}
