/** @file The first page: the question, the answer with its uncertainty, the crossover, three ways in. */
import { formatCount } from "../../../suite/analysis/format.ts";
import { axisWords, crossoverWords, plural } from "../../../suite/analysis/words.ts";
import { measuredBoards, pairOn, type Slice, type TaskBoard } from "../data/boards.ts";
import { nameOf, OPTIMIZERS, STUDIES, TASKS } from "../data/catalogue.ts";
import { boardLink, link, pairLink } from "../data/links.ts";
import { allFiles, sourcesOf } from "../data/results.ts";
import { baselinesOf, curvesFigure, stripFigure } from "../figures/board-figures.ts";
import { type Html, html } from "../html.ts";
import { emptyBoard } from "./board.ts";
import { figureBlock } from "./figure.ts";

/** The board that leads the site: the first task's largest tier with at least two curves. */
export function leadingBoard(): { task: TaskBoard; slice: Slice } | null {
  const rich = measuredBoards().filter(({ slices }) => (slices[0]?.board.rows.length ?? 0) > 1);
  const [task] = rich.length > 0 ? rich : measuredBoards();
  const slice = task?.slices[0];
  return task && slice ? { task, slice } : null;
}

export function homePage(): Html {
  const found = leadingBoard();
  return html`<section class="hero"><p class="question">When does second-order optimization speed up training?</p>
<h1>${found ? headline(found.slice) : "Nobody has measured it here yet."}</h1>
${found ? answer(found.task, found.slice) : nothing()}</section>
${found ? figureBlock(curvesFigure(found.slice)) : null}
${found ? strip(found.slice) : null}
${ways()}
${how()}
${boardsTable()}`;
}

/** The baseline that the headline speaks about. */
function baselineOf(slice: Slice): string | undefined {
  const known = baselinesOf(slice);
  return known.find((id) => id === "adamw") ?? known[0];
}

function headline(slice: Slice): string {
  const baseline = baselineOf(slice);
  const outcomes = baseline ? pairsWith(slice, baseline) : [];
  if (outcomes.length === 0) return "One curve so far: a crossing needs two.";
  const ahead = outcomes.filter(
    ({ tie, crossover }) =>
      !tie && (crossover.outcome === "crosses" || crossover.outcome === "always"),
  );
  if (ahead.length === 0)
    return `Nowhere measured so far does a challenger stay ahead of ${nameOf(baseline ?? "")}.`;
  return `${ahead.length} of ${outcomes.length} challengers stay ahead of ${nameOf(baseline ?? "")} at large batches.`;
}

function pairsWith(slice: Slice, baseline: string) {
  return slice.board.rows
    .filter(({ optimizer }) => !(baselinesOf(slice) as readonly string[]).includes(optimizer))
    .flatMap(({ optimizer }) => pairOn(slice, optimizer, baseline) ?? []);
}

function answer({ task, tier }: TaskBoard, slice: Slice): Html {
  const baseline = baselineOf(slice);
  const lines = (baseline ? pairsWith(slice, baseline) : [])
    .slice(0, 5)
    .map(
      (pair) =>
        html`<li><a href="${pairLink(pair.challenger, pair.baseline)}">${nameOf(pair.challenger)} over ${nameOf(pair.baseline)}</a>: ${crossoverWords(pair)}</li>`,
    );
  return html`<p class="lead">On <a href="${boardLink(task.id, tier)}">${task.name}</a> (tier ${tier}), each method tuned alike at every ${axisWords(slice.board.axis)}. The ${axisWords(slice.board.axis)} from which a method stays ahead:</p>
${lines.length > 0 ? html`<ul class="answer">${lines}</ul>` : null}`;
}

function nothing(): Html {
  const [task] = TASKS;
  if (!task) return html`<p class="lead">No task is declared.</p>`;
  return html`<p class="lead">Crossover trains standard tasks with ${plural(OPTIMIZERS.length, "optimizer")} over batch sizes and dataset sizes, and shows where the curves cross. No result is committed yet, so there is no answer to print: only the way to one.</p>${emptyBoard({ task, tier: "mini" })}`;
}

function strip(slice: Slice): Html | null {
  const baseline = baselineOf(slice);
  const figure = baseline ? stripFigure(slice, baseline) : null;
  return figure ? figureBlock(figure) : null;
}

function ways(): Html {
  return html`<section class="ways" aria-label="Three ways in">
<a href="${link("/answer/")}"><b>Is it true for me?</b><span>Your batch size, your dataset size, one answer with its uncertainty.</span></a>
<a href="${link("/method/")}"><b>Can I check it?</b><span>Every point has its command. Copy it, run it, get the same number.</span></a>
<a href="${link("/submit/")}"><b>Can I add mine?</b><span>An optimizer is one file. The board is the pull request.</span></a>
</section>
<p class="race-teaser"><a href="${link("/race/")}">Or watch them race: train on MNIST in this browser</a>, from the same optimizer files.</p>`;
}

function how(): Html {
  return html`<section><h2>How this works</h2><p>Every optimizer is tuned with the same number of configurations in every cell (a task at one batch size and one dataset size). The best one, chosen on data that is not reported, is trained again from seeds that took no part in the choice. A crossover is the size beyond which a method stays ahead of a baseline; its interval resamples both the seeds and the tuning. Ranks are ranges, because most neighbours cannot be told apart. <a href="${link("/method/")}">The method in full.</a></p></section>`;
}

function boardsTable(): Html {
  const { trials, date } = sourcesOf(allFiles());
  const rows = measuredBoards().map(({ task, tier, slices }) => {
    const board = slices[0]?.board;
    return html`<tr><th scope="row"><a href="${boardLink(task.id, tier)}">${task.name}</a></th><td>${tier}</td><td>${board?.rows.length ?? 0}</td><td>${formatCount(board?.coverage.measured ?? 0)} of ${formatCount(board?.coverage.expected ?? 0)}</td></tr>`;
  });
  return html`<section><h2>What is here</h2>
<p>${plural(trials, "trial")}${date ? `, the newest of ${date}` : ""}; ${plural(OPTIMIZERS.length, "optimizer")}, ${plural(TASKS.length, "task")}, ${STUDIES.length} <a href="${link("/paper/")}">figures and tables of the paper</a>.</p>
${rows.length > 0 ? html`<div class="scroll" role="region" aria-label="Boards" tabindex="0"><table><caption>Boards with results</caption><thead><tr><th scope="col">task</th><th scope="col">tier</th><th scope="col">optimizers</th><th scope="col">cells measured</th></tr></thead><tbody>${rows}</tbody></table></div>` : null}
<p><a href="${link("/boards/")}">All boards, measured or not</a></p></section>`;
}
