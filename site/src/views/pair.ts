/** @file Two optimizers: difference by size, crossover, cost ratio, one sentence to quote. */
import {
  formatCount,
  formatDifference,
  formatInterval,
  formatProbability,
  formatRatio,
} from "../../../suite/analysis/format.ts";
import type { PairComparison } from "../../../suite/analysis/pairs.ts";
import { axisWords, crossoverWords, pairSentences } from "../../../suite/analysis/words.ts";
import { type PairData, type Slice, sliceHref } from "../data/boards.ts";
import { named, nameOf, taskName } from "../data/catalogue.ts";
import { link, optimizerLink } from "../data/links.ts";
import { sliceTitle } from "../figures/board-figures.ts";
import { pairFigure } from "../figures/pair-figures.ts";
import { type Html, html } from "../html.ts";
import { figureBlock, scrollTable } from "./figure.ts";

export function pairPage({ challenger, baseline, on }: PairData): Html {
  const [first, ...others] = on.map(({ slice, pair }) => ({
    section: comparison(slice, pair),
    heading: `${taskName(slice.board.task)}, tier ${slice.board.tier}, ${sliceTitle(slice)}: ${crossoverWords(pair)}`,
  }));
  return html`<p class="crumbs"><a href="${link("/pairs/")}">Pairs</a></p>
<h1>${nameOf(challenger)} over ${nameOf(baseline)}</h1>
<p class="lead"><a href="${optimizerLink(challenger)}">${nameOf(challenger)}</a> challenges <a href="${optimizerLink(baseline)}">${nameOf(baseline)}</a>; differences are positive where the challenger is better.</p>
${first?.section}
${others.map(({ heading, section }) => html`<details><summary>${heading}</summary>${section}</details>`)}`;
}

/** One common slice. */
function comparison(slice: Slice, pair: PairComparison): Html {
  const { task, tier } = slice.board;
  return html`<section id="${task}-${tier}-${slice.id}"><h2><a href="${sliceHref(slice)}">${taskName(task)}, tier ${tier}</a> <small>${sliceTitle(slice)}</small></h2>
<blockquote>${named(pairSentences(pair).join(" "))}</blockquote>
<p>Crossover: <b>${crossoverWords(pair)}</b></p>
${figureBlock(pairFigure(slice, pair))}
${differences(slice, pair)}${cost(pair)}</section>`;
}

function differences(slice: Slice, { points, board, challenger, baseline }: PairComparison): Html {
  const rows = points.map(
    ({ position, difference, interval, standardError, p, reading, paired, seeds }) => {
      const exact = paired
        ? `${paired.seeds} common seeds: better in ${formatProbability(paired.probability)}${paired.signFlip === null ? "" : `, sign-flip p ${paired.signFlip.toPrecision(2)}`}`
        : "no common seeds";
      return html`<tr><th scope="row">${formatCount(position)}</th><td>${formatDifference(board.metric, difference, standardError)}</td><td>${formatInterval(board.metric, interval, standardError)}</td><td>${p < 0.001 ? "< 0.001" : p.toPrecision(2)}</td><td class="text">${reading}</td><td class="text">${exact}</td><td>${seeds.challenger.length} / ${seeds.baseline.length}</td></tr>`;
    },
  );
  return scrollTable(
    `${nameOf(challenger)} minus ${nameOf(baseline)} on ${taskName(board.task)}, tier ${board.tier}, ${sliceTitle(slice)}`,
    html`<thead><tr><th scope="col">${axisWords(board.axis)}</th><th scope="col">difference</th><th scope="col">95% interval</th><th scope="col">p (Holm)</th><th scope="col" class="text">reading</th><th scope="col" class="text">seed by seed</th><th scope="col">seeds</th></tr></thead><tbody>${rows}</tbody>`,
  );
}

function cost({ cost: { flopsPerStep, peakBytes, secondsPerStep } }: PairComparison): Html {
  const seconds = secondsPerStep.map(
    ({ deviceClass, ratio }) =>
      html`<div><dt>seconds per step on ${deviceClass}</dt><dd>${formatRatio(ratio)}</dd></div>`,
  );
  return html`<dl class="facts"><div><dt>FLOPs per step</dt><dd>${formatRatio(flopsPerStep)}</dd></div><div><dt>peak memory</dt><dd>${formatRatio(peakBytes)}</dd></div>${seconds}</dl>`;
}
