/** @file "At my batch and data size": the answers at every measured size, and the form that asks. */
import { answerAt } from "../../../suite/analysis/answer.ts";
import { answerSentences } from "../../../suite/analysis/answer-words.ts";
import { primaryMetric } from "../../../suite/analysis/metric.ts";
import { measuredBoards, type TaskBoard } from "../data/boards.ts";
import { named, nameOf } from "../data/catalogue.ts";
import { boardLink, link } from "../data/links.ts";
import { baselinesOf } from "../figures/board-figures.ts";
import { type Html, html } from "../html.ts";

/** Where the browser finds a board's scored cells. */
export const cellsFile = ({ task, tier }: TaskBoard) => `/answer/${task.id}.${tier}.json`;

export function answerPage(): Html {
  const boards = measuredBoards();
  return html`<h1>At my batch and data size</h1>
<p class="lead">Two sizes in, one answer out, with its uncertainty. Nothing is extrapolated: the answer rests on a measured cell, or lies on a straight line between two, or is “not measured”.</p>
${boards.length === 0 ? empty() : html`${form(boards)}<div id="answer" aria-live="polite"></div><h2>Answers at every measured size</h2><p class="note">The same in the terminal: <code class="command">npm run board -- --task mnist-mlp --at 2048,50000</code></p>${boards.map(answers)}`}`;
}

function empty(): Html {
  return html`<div class="empty"><h2>Nothing is measured yet</h2><p>The first answer needs one board:</p><pre><code>npm run bench -- --task mnist-mlp --tier mini --tune</code></pre></div>`;
}

function form(boards: readonly TaskBoard[]): Html {
  const options = boards.map((board) => {
    const ids = [...new Set(board.cells.map(({ cell }) => cell.optimizer))];
    return html`<option value="${board.task.id}.${board.tier}" data-file="${link(cellsFile(board))}" data-facts="${JSON.stringify(board.facts)}" data-optimizers="${JSON.stringify(ids.map((id) => [id, nameOf(id)]))}">${board.task.name}, tier ${board.tier}</option>`;
  });
  const [first] = boards;
  const sizes = first?.slices[0]?.board;
  return html`<form class="form" id="ask" hidden>
<label>Task <select name="task">${options}</select></label>
<label>Batch size <input name="batch" type="number" min="1" step="1" required value="${sizes?.points.at(-3) ?? 256}"></label>
<label>Dataset size <input name="dataset" type="number" min="1" step="1" required value="${sizes?.fixed ?? 1000}"></label>
<label>Compared with <select name="vs"></select></label>
<button class="primary">Answer</button></form>`;
}

function answers(task: TaskBoard): Html {
  const versus = baselinesOf(task.slices[0] as TaskBoard["slices"][number]).at(-1);
  if (!versus)
    return html`<p class="note">${task.task.name}, tier ${task.tier}: no baseline (SGD or AdamW) is measured.</p>`;
  const metric = primaryMetric(task.facts);
  const places = [
    ...new Map(
      task.cells.map(({ cell }) => [`${cell.datasetSize} ${cell.batchSize}`, cell]),
    ).values(),
  ].sort((a, b) => b.datasetSize - a.datasetSize || a.batchSize - b.batchSize);
  const blocks = places.map(({ batchSize, datasetSize }) => {
    const request = { batchSize, datasetSize, versus, metric };
    const [head, ...rest] = answerSentences(answerAt(task.cells, request), request).map(named);
    return html`<details><summary>${head}</summary><ul>${rest.map((line) => html`<li>${line}</li>`)}</ul></details>`;
  });
  return html`<section><h3><a href="${boardLink(task.task.id, task.tier)}">${task.task.name}, tier ${task.tier}</a>, against ${nameOf(versus)}</h3>${blocks}</section>`;
}
