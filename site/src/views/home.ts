/** @file The first page: the question, the answer with its uncertainty, the crossover, three ways in. */

import type { Axis } from "../../../suite/analysis/crossover.ts";
import { formatCount, formatRatio } from "../../../suite/analysis/format.ts";
import type { PairComparison } from "../../../suite/analysis/pairs.ts";
import { distinct } from "../../../suite/analysis/statistics.ts";
import { axisWords, plural } from "../../../suite/analysis/words.ts";
import { measuredBoards, pairOn, type Slice, type TaskBoard } from "../data/boards.ts";
import { familyOf, nameOf, OPTIMIZERS, STUDIES, TASKS } from "../data/catalogue.ts";
import { boardLink, link } from "../data/links.ts";
import { allFiles, sourcesOf } from "../data/results.ts";
import { baselinesOf, curvesFigure, stripFigure } from "../figures/board-figures.ts";
import { challengersOf, leadFigure, pairsAgainst } from "../figures/lead-figure.ts";
import { type Html, html } from "../html.ts";
import { emptyBoard } from "./board.ts";
import { figureBlock } from "./figure.ts";

/** The board that leads the site: the first with at least two curves, by batch size if there is one. */
export function leadingBoard(): { task: TaskBoard; slice: Slice } | null {
  const rich = measuredBoards().filter(({ slices }) => (slices[0]?.board.rows.length ?? 0) > 1);
  const byBatch = rich.filter(({ slices }) => slices[0]?.board.axis === "batch");
  const [task] = [...byBatch, ...rich, ...measuredBoards()];
  const slice = task?.slices[0];
  return task && slice ? { task, slice } : null;
}

export function homePage(): Html {
  const found = leadingBoard();
  const baseline = found ? baselineOf(found.slice) : undefined;
  const lead = found && baseline ? leadFigure(found.slice, baseline) : null;
  return html`<section class="hero"><p class="question">When does second-order optimization speed up training?</p>
<h1>${found ? headline(found.slice, baseline) : "Nobody has measured it here yet."}</h1>
${found ? answer(found.task, found.slice, baseline) : nothing()}</section>
${found ? figureBlock(lead ?? curvesFigure(found.slice)) : null}
${ways()}
${found ? strip(found.slice, baseline) : null}
${how()}
${boardsTable()}`;
}

/** The baseline that the headline speaks about. */
export function baselineOf(slice: Slice): string | undefined {
  const known = baselinesOf(slice);
  return known.find((id) => id === "adamw") ?? known[0];
}

/** How far along the axis a size lies: growing batches, shrinking datasets. */
const placeOf = (axis: Axis, position: number) => (axis === "batch" ? position : 1 / position);

/** The place from which every difference is surely in the challenger's favour, or infinity. */
function sureFrom({ points, board: { axis } }: PairComparison): number {
  let from = Number.POSITIVE_INFINITY;
  for (const { position, reading } of axis === "batch" ? points.toReversed() : points) {
    if (reading !== "ahead") break;
    from = placeOf(axis, position);
  }
  return from;
}

/** Fewer common sizes than this say nothing about where curves cross. */
const FEWEST_SIZES = 3;

/** Sizes at which at least one challenger can be compared. */
function sizesOf(pairs: readonly PairComparison[]): number[] {
  return distinct(pairs.flatMap(({ points }) => points.map(({ position }) => position)));
}

/** Those that can be judged: methods that are still being measured reach neither end nor enough sizes. */
function judged(slice: Slice, baseline: string | undefined): PairComparison[] {
  const pairs = baseline ? pairsAgainst(slice, baseline) : [];
  const sizes = sizesOf(pairs);
  const end = slice.board.axis === "batch" ? sizes.at(-1) : sizes[0];
  return pairs.filter(
    ({ points }) =>
      points.length >= Math.min(FEWEST_SIZES, sizes.length) &&
      points.some(({ position }) => position === end),
  );
}

export function headline(slice: Slice, baseline: string | undefined): string {
  const pairs = judged(slice, baseline);
  const [first] = pairs;
  if (!baseline || !first) return "One curve so far: a crossing needs two.";
  const { axis } = slice.board;
  const sizes = sizesOf(pairs);
  if (sizes.length < FEWEST_SIZES) return "Being measured: too few sizes yet for an answer.";
  // More than half of the methods are surely ahead from here on.
  const most = pairs.map(sureFrom).sort((a, b) => a - b)[Math.floor(pairs.length / 2)] as number;
  const who = pairs.length === 1 ? nameOf(first.challenger) : `most ${kindOf(slice)}`;
  const beat = `surely ${pairs.length === 1 ? "beats" : "beat"} ${nameOf(baseline)}`;
  const where = axisWords(axis);
  const [small, large] = [sizes[0] as number, sizes.at(-1) as number];
  if (most === placeOf(axis, axis === "batch" ? small : large)) {
    return `At every ${where} measured, ${who} ${beat}.`;
  }
  if (Number.isFinite(most)) {
    const size = formatCount(Math.round(placeOf(axis, most)));
    return `From a ${where} of ${size} ${axis === "batch" ? "up" : "down"}, ${who} ${beat}.`;
  }
  const ahead = pairs.filter(leadsSurely).length;
  const range = `${where} ${formatCount(small)} to ${formatCount(large)}`;
  return ahead === 0
    ? `No ${kindOf(slice).replace(/s$/, "")} is surely ahead of ${nameOf(baseline)} in the end, from ${range}.`
    : `${ahead} of ${pairs.length} ${kindOf(slice)} surely overtake ${nameOf(baseline)}; the others do not, from ${range}.`;
}

/** The place of the last size at which two methods were compared. */
const farthest = ({ points, board: { axis } }: PairComparison) =>
  Math.max(...points.map(({ position }) => placeOf(axis, position)));

const leadsSurely = (pair: PairComparison) => Number.isFinite(sureFrom(pair));

const kindOf = (slice: Slice) =>
  challengersOf(slice).every((id) => familyOf(id) === "second-order")
    ? "second-order methods"
    : "challengers";

function answer({ task, tier }: TaskBoard, slice: Slice, baseline: string | undefined): Html {
  const pairs = judged(slice, baseline);
  const unfinished = (baseline ? pairsAgainst(slice, baseline).length : 0) - pairs.length;
  const { metric, points, axis } = slice.board;
  const sizes = sizesOf(pairs);
  const costs = pairs.map(({ cost }) => cost.flopsPerStep).filter(Number.isFinite);
  const range = [Math.min(...costs), Math.max(...costs)].map(formatRatio);
  const price =
    costs.length > 0
      ? ` A step of theirs takes ${[...new Set(range)].join(" to ")} the FLOPs.`
      : "";
  const finding =
    pairs.length > 1 && sizes.length >= FEWEST_SIZES
      ? `Surely ahead in ${metric.name}: ${counts(pairs, axis, sizes)}.${price} `
      : null;
  const partly =
    pairs.length > 0 && sizes.length < points.length
      ? ` So far ${sizes.length} of ${plural(points.length, axisWords(axis))} can be compared.`
      : null;
  const also = finding && baseline ? withoutCurvature(slice, baseline) : null;
  const open =
    unfinished > 0 ? ` ${plural(unfinished, "method")} more: still being measured.` : null;
  return html`<p class="lead">${finding}${also}Measured on <a href="${boardLink(task.id, tier)}">${task.name}</a> (tier ${tier}), every method tuned alike at every ${axisWords(axis)}.${partly}${open}</p>`;
}

/** Whether a lead needs curvature: the other methods that surely lead the baseline at the end, and before it. */
export function withoutCurvature(slice: Slice, baseline: string): Html | null {
  if (kindOf(slice) !== "second-order methods") return null;
  const { axis, rows } = slice.board;
  const winners = rows
    .filter(({ optimizer }) => familyOf(optimizer) !== "second-order" && optimizer !== baseline)
    .flatMap(({ optimizer }) => pairOn(slice, optimizer, baseline) ?? [])
    .filter((pair) => sureFrom(pair) < farthest(pair))
    .map((pair) => {
      const from = formatCount(Math.round(placeOf(axis, sureFrom(pair))));
      return `${nameOf(pair.challenger)} from ${from} ${axis === "batch" ? "up" : "down"}`;
    });
  if (winners.length === 0) return null;
  return html`Without curvature, so ${winners.length === 1 ? "is" : "are"} ${winners.join(", ")}: <a href="${link("/findings/")}">what we make of it</a>. `;
}

/** `5 of 7 at batch size 8,192, none of 4 at 32`: both ends, the one that favours challengers first. */
function counts(pairs: readonly PairComparison[], axis: Axis, sizes: readonly number[]): string {
  const ends = [sizes.at(-1) as number, sizes[0] as number];
  const [first, last] = (axis === "batch" ? ends : ends.reverse()).map((size) => {
    const there = pairs.flatMap(({ points }) => points.filter(({ position }) => position === size));
    const ahead = there.filter(({ reading }) => reading === "ahead").length;
    return { size: formatCount(size), text: `${ahead || "none"} of ${there.length}` };
  });
  return `${first?.text} at ${axisWords(axis)} ${first?.size}, ${last?.text} at ${last?.size}`;
}

function nothing(): Html {
  const [task] = TASKS;
  if (!task) return html`<p class="lead">No task is declared.</p>`;
  return html`<p class="lead">Crossover trains standard tasks with ${plural(OPTIMIZERS.length, "optimizer")} over batch sizes and dataset sizes, and shows where the curves cross. No result is committed yet, so there is no answer to print: only the way to one.</p>${emptyBoard({ task, tier: "mini" })}`;
}

function strip(slice: Slice, baseline: string | undefined): Html | null {
  const found = baseline ? stripFigure(slice, baseline) : null;
  return found ? figureBlock(found) : null;
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
