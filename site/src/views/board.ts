/** @file A task and tier: curves, crossovers, the matrix of scores, and every entry in detail. */
import type { Board, BoardEntry } from "../../../suite/analysis/board.ts";
import {
  formatAmount,
  formatCount,
  formatScore,
  formatSeconds,
} from "../../../suite/analysis/format.ts";
import { makerWords } from "../../../suite/analysis/makers.ts";
import {
  axisWords,
  budgetWords,
  edgeWords,
  plural,
  rankWords,
  tiedWords,
} from "../../../suite/analysis/words.ts";
import type { Slice, TaskBoard } from "../data/boards.ts";
import { familyOf, nameOf, OPTIMIZERS } from "../data/catalogue.ts";
import { boardLink, cellLink, link } from "../data/links.ts";
import {
  baselinesOf,
  costFigure,
  curvesFigure,
  sliceTitle,
  stripFigure,
} from "../figures/board-figures.ts";
import { profileFigure, targetFigures } from "../figures/cost-figures.ts";
import { type Html, html } from "../html.ts";
import { anchorOf, figureBlock, scrollTable } from "./figure.ts";
import { intervalText, matrixCell, optimizerName, stateWords, statusCounts } from "./score.ts";

export function boardPage(task: TaskBoard): Html {
  const { slices, tier } = task;
  const other = Object.keys(task.task.tiers).filter((one) => one !== tier && one !== "smoke");
  return html`<p class="crumbs"><a href="${link("/boards/")}">Boards</a></p>
<h1>${task.task.name} <span class="tier">tier ${tier}</span></h1>
<p class="lead">${task.task.summary}. ${protocolWords(task)}</p>
${other.map((one) => html`<p><a href="${boardLink(task.task.id, one)}">The same task at tier ${one}</a>. Tiers are never mixed.</p>`)}
${slices.length === 0 ? emptyBoard(task) : controls(slices)}
${slices.map((slice, index) => sliceSection(task, slice, index === 0))}`;
}

/** What the script refines; without it everything is shown, and the links lead to each axis. */
function controls(slices: readonly Slice[]): Html {
  const ids = [
    ...new Set(slices.flatMap(({ board }) => board.rows.map(({ optimizer }) => optimizer))),
  ];
  const families = [...new Set(ids.map(familyOf))].sort();
  const sizes = [...new Set(slices.flatMap(({ board }) => board.points))].sort((a, b) => a - b);
  const baselines = [...new Set(slices.flatMap(baselinesOf))];
  const axes = slices.map(
    (slice) => html`<li><a href="#${slice.id}">${sliceTitle(slice)}</a></li>`,
  );
  return html`${slices.length > 1 ? html`<nav aria-label="Axes of this board"><p class="note">The axes of this board:</p><ul class="axes">${axes}</ul></nav>` : null}
<form class="refine" id="refine" hidden aria-label="Refine this board">
<label>Optimizer <input name="q" type="search" autocomplete="off"></label>
<label>Group <select name="family"><option value="">all</option>${families.map((one) => html`<option>${one}</option>`)}</select></label>
<label>Size <select name="size"><option value="">all</option>${sizes.map((one) => html`<option value="${one}">${formatCount(one)}</option>`)}</select></label>
<label>Compared with <select name="vs"><option value="">all baselines</option>${baselines.map((one) => html`<option value="${one}">${nameOf(one)}</option>`)}</select></label>
<button type="reset">Show all</button>
<output id="refine-shown">${ids.length} of ${ids.length} optimizers shown</output></form>`;
}

function protocolWords({ task, tier }: TaskBoard): string {
  const protocol = task.tiers[tier];
  if (!protocol) return "";
  const { budget, tuning, selection } = protocol;
  const chosen =
    selection === "validation"
      ? "chosen on a validation set, reported on the test set"
      : "chosen on one half of the test set, reported on the other, both ways round";
  return `${formatCount(budget.amount)} ${budget.unit} per trial; ${tuning.configurations} configurations per cell, ${chosen}, by ${plural(tuning.reportSeeds, "report seed")} that took no part in the choice.`;
}

/** What is missing, and how to make it. */
export function emptyBoard({ task, tier }: Pick<TaskBoard, "task" | "tier">): Html {
  return html`<div class="empty"><h2>Not measured yet</h2>
<p>No result of this task at tier ${tier} is committed. ${plural(OPTIMIZERS.length, "optimizer")} could run it:</p>
<pre><code>npm run bench -- --task ${task.id} --tier ${tier} --tune --dry-run   # what it will cost
npm run bench -- --task ${task.id} --tier ${tier} --tune</code></pre>
<p><a href="${link("/submit/")}">How to submit what it writes.</a></p></div>`;
}

function sliceSection(task: TaskBoard, slice: Slice, main: boolean): Html {
  const { board, id } = slice;
  const strips = baselinesOf(slice).flatMap((baseline) => {
    const strip = stripFigure(slice, baseline);
    return strip ? [{ baseline, strip }] : [];
  });
  const costs = main
    ? [...targetFigures(task, slice), profileFigure(task, slice), costFigure(slice)].flatMap(
        (one) => one ?? [],
      )
    : [];
  return html`<section id="${id}"><h2>By ${axisWords(board.axis)} <small>${board.axis === "batch" ? "dataset" : "batch"} size ${formatCount(board.fixed)}</small></h2>
${figureBlock(curvesFigure(slice))}
${board.rows.length === 1 ? html`<p class="note">One optimizer is measured here; a crossover needs two.</p>` : null}
${strips.map(({ baseline, strip }) => html`<div data-versus="${baseline}">${figureBlock(strip)}</div>`)}
${matrix(board, id)}
${detail(board, id, main)}
${costs.length > 0 ? html`<h3>Cost</h3>${costs.map((one) => figureBlock(one))}` : null}
</section>`;
}

function matrix(board: Board, id: string): Html {
  const head = board.points.map((position) => html`<th scope="col">${formatCount(position)}</th>`);
  const rows = board.rows.map(
    ({ optimizer, entries }) =>
      html`<tr data-optimizer="${optimizer}" data-family="${familyOf(optimizer)}"><th scope="row">${optimizerName(optimizer)}</th>${entries.map((entry) => matrixCell(board, entry))}</tr>`,
  );
  const leaders = board.points.map((_, column) => {
    const count = board.rows.filter(({ entries }) => entries[column]?.tied).length;
    return html`<td><small>${count === 1 ? tiedNames(board, column) : `${count} tied`}</small></td>`;
  });
  const { coverage } = board;
  return html`<h3 id="${id}-scores">Scores</h3>
${scrollTable(`${board.metric.name} ${sliceTitle({ board, id, files: [] })}, in order of mean rank`, html`<thead><tr><th scope="col">optimizer</th>${head}</tr></thead><tbody>${rows}</tbody><tfoot><tr><th scope="row">in the lead</th>${leaders}</tr></tfoot>`, `class="matrix"`)}
<p class="note">${formatCount(coverage.measured)} of ${formatCount(coverage.expected)} cells are measured. A rank range says which ranks the noise of seeds and tuning allows; entries tied for the lead cannot be told apart from the leader (5%, Holm). ⇥ marks an optimum at the grid's edge: the method may do better beyond. ↯ marks diverged report seeds. Digits end where the standard error begins.</p>`;
}

const tiedNames = (board: Board, column: number) =>
  tiedWords(board.rows, column).replace(/[a-z0-9-]+/g, (one) => nameOf(one));

function detail(board: Board, id: string, open: boolean): Html {
  const bodies = board.points.map((position, column) => {
    const rows = board.rows
      .map(({ optimizer, entries }) => ({ optimizer, entry: entries[column] }))
      .filter((one): one is { optimizer: string; entry: BoardEntry } => one.entry !== undefined)
      .sort((a, b) => middle(a.entry) - middle(b.entry));
    return rows.map(({ optimizer, entry }) => detailRow(board, optimizer, position, entry));
  });
  const count = board.points.length * board.rows.length;
  const heads = [
    "optimizer",
    axisWords(board.axis),
    "rank",
    board.metric.name,
    "95% interval",
    "steps",
    "FLOPs",
    "seconds by device class",
    "tuning budget",
    "trials by status",
    "notes",
  ];
  const keys = [
    "optimizer",
    "position",
    "rank",
    "score",
    "",
    "steps",
    "flops",
    "seconds",
    "",
    "",
    "",
  ];
  const header = heads.map(
    (head, index) =>
      html`<th scope="col"${keys[index] ? html` data-key="${keys[index]}"` : null}>${head}</th>`,
  );
  return html`<details class="detail" ${open ? "open" : ""}><summary>Every entry: interval, budget, cost, status</summary>
<p class="shown" aria-live="polite" data-shown="${id}">${count} of ${count} shown</p>
${scrollTable(`Every entry ${sliceTitle({ board, id, files: [] })}`, html`<thead><tr>${header}</tr></thead><tbody>${bodies}</tbody>`, `class="entries" data-entries="${id}" id="${anchorOf(id)}-entries"`)}</details>`;
}

const middle = ({ rank }: BoardEntry) => (rank ? (rank.best + rank.worst) / 2 : 1e9);

function detailRow(board: Board, optimizer: string, position: number, entry: BoardEntry): Html {
  const { cell, state, rank, tied } = entry;
  const name = html`<th scope="row">${optimizerName(optimizer)}</th><td>${formatCount(position)}</td>`;
  const attributes = html`data-optimizer="${optimizer}" data-family="${familyOf(optimizer)}" data-position="${position}"`;
  if (!cell)
    return html`<tr ${attributes}>${name}<td colspan="9">${stateWords(state)} ${entry.reason ?? ""}</td></tr>`;
  const scored = state === "scored";
  const order = html`data-rank="${middle(entry)}" data-score="${scored ? cell.score : ""}" data-steps="${cell.cost.steps}" data-flops="${cell.cost.flops}" data-seconds="${entry.seconds[0]?.seconds ?? ""}"`;
  const seconds = entry.seconds.map(
    ({ deviceClass, seconds: s }) => html`${formatSeconds(s)} <small>${deviceClass}</small> `,
  );
  return html`<tr ${attributes} ${order} class="${tied ? "tied" : ""}">${name}<td>${scored ? rankWords(rank) : "–"}${tied ? html` <small>tied for the lead</small>` : null}</td><td>${scored ? html`<a href="${cellLink(cell.cell)}">${formatScore(board.metric, cell.score, entry.standardError)}</a>` : stateWords(state)}</td><td>${intervalText(board, entry)}</td><td>${formatCount(cell.cost.steps)}</td><td>${formatAmount(cell.cost.flops)}</td><td>${seconds}</td><td>${budgetWords(entry)}</td><td>${statusCounts(cell.statuses)}</td><td>${[...cell.makers.map(makerWords), edgeWords(entry)].filter(Boolean).join("; ")}</td></tr>`;
}
