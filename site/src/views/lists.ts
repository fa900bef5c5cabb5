/** @file The indexes: boards, optimizers, pairs, the paper. */

import { CLAIMS } from "../../../suite/analysis/claims/catalogue.ts";
import { crossoverWords, plural, VERDICT_WORDS } from "../../../suite/analysis/words.ts";
import { studyFiles } from "../../../suite/studies/verdicts.ts";
import { allBoards, allPairs } from "../data/boards.ts";
import { nameOf, OPTIMIZERS, STUDIES, taskName } from "../data/catalogue.ts";
import { boardLink, pairLink, studyLink } from "../data/links.ts";
import { verdictsOf } from "../data/verdicts.ts";
import { studyBoards } from "../figures/study-figures.ts";
import { type Html, html } from "../html.ts";
import { scrollTable } from "./figure.ts";
import { optimizerName } from "./score.ts";
import { stepTimesOverview } from "./step-times.ts";

export function boardsPage(): Html {
  const rows = allBoards().map(({ task, tier, slices }) => {
    const board = slices[0]?.board;
    const state = board
      ? `${board.coverage.measured} of ${board.coverage.expected} cells, ${plural(board.rows.length, "optimizer")}`
      : "not measured yet";
    return html`<tr><th scope="row"><a data-board="${task.id}/${tier}" href="${boardLink(task.id, tier)}">${task.name}</a></th><td class="text">${tier}</td><td class="text">${state}</td><td class="text">${task.paper}</td></tr>`;
  });
  return html`<h1>Boards</h1><p class="lead">One board per task and tier. Tier <i>paper</i> follows the paper's appendix C; tier <i>mini</i> has the same axes at a size that fits a small machine. They are never mixed.</p>
${scrollTable("Boards by task and tier", html`<thead><tr><th scope="col">task</th><th scope="col" class="text">tier</th><th scope="col" class="text">measured</th><th scope="col" class="text">in the paper</th></tr></thead><tbody>${rows}</tbody>`)}`;
}

const FAMILY_WORDS: Readonly<Record<string, string>> = {
  "first-order": "First-order",
  "large-batch": "For large batches",
  "second-order": "Second-order",
  orthogonal: "Orthogonalised",
};

export function optimizersPage(): Html {
  const families = [...new Set(OPTIMIZERS.map(({ declaration }) => declaration.family))];
  const sections = families.map((family) => {
    const cards = OPTIMIZERS.filter(({ declaration }) => declaration.family === family).map(
      ({ declaration: { id, summary, citation } }) =>
        html`<li>${optimizerName(id)}<p>${summary}</p><p><small>${citation.authors}, ${citation.year}</small></p></li>`,
    );
    return html`<section id="${family}"><h2>${FAMILY_WORDS[family] ?? family} <small>${plural(cards.length, "optimizer")}</small></h2><ul class="cards">${cards}</ul></section>`;
  });
  return html`<h1>Optimizers</h1><p class="lead">Each is one file. Methods that precondition share one pipeline, so that a comparison compares preconditioners and nothing else.</p>${sections}
<section id="step-times"><h2>What a step takes</h2>${stepTimesOverview()}</section>`;
}

export function pairsPage(): Html {
  const rows = allPairs().map(({ challenger, baseline, on }) => {
    const [first] = on;
    return html`<tr data-challenger="${challenger}" data-baseline="${baseline}"><th scope="row"><a href="${pairLink(challenger, baseline)}">${nameOf(challenger)} over ${nameOf(baseline)}</a></th><td class="text">${taskName(first?.pair.board.task ?? "")} (${first?.pair.board.tier})</td><td class="text">${first ? crossoverWords(first.pair) : ""}</td><td>${on.length}</td></tr>`;
  });
  return html`<h1>Pairs</h1><p class="lead">Every two optimizers that were measured at the same sizes: where one overtakes the other, and how sure that is.</p>
${
  rows.length === 0
    ? html`<div class="empty"><h2>No pair yet</h2><p>A pair needs two optimizers at one common batch size. This makes two:</p><pre><code>npm run bench -- --task mnist-mlp --tier mini --optimizer adamw,kfac --tune</code></pre></div>`
    : scrollTable(
        "Pairs of optimizers with common data",
        html`<thead><tr><th scope="col">pair</th><th scope="col" class="text">board</th><th scope="col" class="text">crossover</th><th scope="col">boards in common</th></tr></thead><tbody>${rows}</tbody>`,
      )
}`;
}

export function paperPage(): Html {
  const cards = STUDIES.map((study) => {
    const measured = studyBoards(study).filter((task) => studyFiles(study, task).length > 0);
    const lines = study.claims.map((id) => {
      const statement = CLAIMS.find((claim) => claim.id === id)?.statement ?? id;
      const verdicts = measured.flatMap((task) =>
        verdictsOf(study, task)
          .filter((result) => result.id === id)
          .map(
            ({ verdict }) =>
              html`<span class="nowrap">${verdictMark(verdict)} <small>${task.tier}</small></span> `,
          ),
      );
      return html`<p><small>${statement}</small><br>${verdicts.length > 0 ? verdicts : html`<small>not measured yet</small>`}</p>`;
    });
    return html`<li><a href="${studyLink(study.id)}"><b>${study.paper}</b></a><p>${study.title}</p>${lines}</li>`;
  });
  return html`<h1>The paper, figure by figure</h1><p class="lead">Ishikawa and Yokota, “When Does Second-Order Optimization Speed Up Training?” (ICLR 2024 Tiny Papers). Ours beside theirs; each claim with a rule that was written down before the data, and its verdict at each tier that is measured.</p><ul class="cards">${cards}</ul>`;
}

export function verdictMark(verdict: keyof typeof VERDICT_WORDS): Html {
  const { mark, word } = VERDICT_WORDS[verdict];
  return html`<span class="verdict"><span aria-hidden="true">${mark}</span> ${word}</span>`;
}
