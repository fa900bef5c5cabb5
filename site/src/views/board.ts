/** @file A task and tier on one axis: curves, crossovers, scores, every entry, and cost. */
import { formatCount } from "../../../suite/analysis/format.ts";
import { axisWords, plural } from "../../../suite/analysis/words.ts";
import { type Slice, sliceHref, type TaskBoard } from "../data/boards.ts";
import { GROUPS, groupsOf, nameOf, OPTIMIZERS, variantOf } from "../data/catalogue.ts";
import { boardLink, link } from "../data/links.ts";
import {
  baselinesOf,
  costFigure,
  curvesFigure,
  sliceTitle,
  stripFigure,
} from "../figures/board-figures.ts";
import { profileFigure, targetFigures } from "../figures/cost-figures.ts";
import { type Html, html } from "../html.ts";
import { entries, matrix } from "./board-tables.ts";
import { figureBlock } from "./figure.ts";

/** The main slice by default. */
export function boardPage(task: TaskBoard, slice: Slice | undefined = task.slices[0]): Html {
  const { slices, tier } = task;
  const other = Object.keys(task.task.tiers).filter((one) => one !== tier && one !== "smoke");
  const { name, summary } = task.task;
  return html`<p class="crumbs"><a href="${link("/boards/")}">Boards</a></p>
<h1>${name} <span class="tier">tier ${tier}</span></h1>
<p class="lead">${summary.charAt(0).toUpperCase()}${summary.slice(1)}. ${protocolWords(task)}</p>
${other.map((one) => html`<p class="note"><a href="${boardLink(task.task.id, one)}">The same task at tier ${one}</a>. Tiers are never mixed.</p>`)}
${slice ? html`${axesOf(task, slice)}${controls(slice)}${sliceSection(task, slice, slice === slices[0])}` : emptyBoard(task)}`;
}

function axesOf(task: TaskBoard, current: Slice): Html | null {
  if (task.slices.length < 2) return null;
  const axes = task.slices.map(
    (slice) =>
      html`<li><a href="${sliceHref(slice)}"${slice.id === current.id ? html` aria-current="page"` : null}>${sliceTitle(slice)}</a></li>`,
  );
  return html`<nav class="axes" aria-label="Axes of this board"><p class="note">The axes of this board:</p><ul>${axes}</ul></nav>`;
}

/** What the script refines; without it everything is shown. */
function controls({ board, ...slice }: Slice): Html {
  const ids = board.rows.map(({ optimizer }) => optimizer);
  const present = new Set(ids.flatMap(groupsOf));
  const groups = [["", "all"], ...GROUPS.filter(([id]) => present.has(id))] as const;
  const chips = groups.map(
    ([id, word]) =>
      html`<label><input type="radio" name="group" value="${id}"${id === "" ? html` checked` : null}><span>${word}</span></label>`,
  );
  const variants = ids.filter(variantOf).length;
  const baselines = baselinesOf({ board, ...slice });
  return html`<form class="refine" id="refine" hidden aria-label="Refine this board">
<fieldset class="chips"><legend>Group</legend>${chips}</fieldset>
${variants > 0 ? html`<fieldset class="chips"><legend>Variants</legend><label><input type="checkbox" name="fold" value="variants"><span>fold ${formatCount(variants)} under their methods</span></label></fieldset>` : null}
<label>Optimizer <input name="q" type="search" autocomplete="off"></label>
<label>Size <select name="size"><option value="">all</option>${board.points.map((one) => html`<option value="${one}">${formatCount(one)}</option>`)}</select></label>
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
<pre tabindex="0"><code>npm run plan -- --task ${task.id} --tier ${tier} --tune   # what it will cost
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
${main ? null : html`<p class="note">Methods with a single cell on this axis are on the <a href="${boardLink(task.task.id, task.tier)}">main axis</a> only.</p>`}
${figureBlock(curvesFigure(slice))}
${board.rows.length === 1 ? html`<p class="note">One optimizer is measured here; a crossover needs two.</p>` : null}
${strips.map(({ baseline, strip }) => html`<div data-versus="${baseline}">${figureBlock(strip)}</div>`)}
${matrix(board, id, task.task)}
${entries(board, id, main, task.task)}
${costs.length > 0 ? html`<h3>Cost</h3>${costs.map((one) => figureBlock(one))}` : null}
</section>`;
}
