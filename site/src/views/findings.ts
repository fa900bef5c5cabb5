/** @file The findings: prose from `results/FINDINGS.md`, and the verdict of every claim beside it. */
import { CLAIMS } from "../../../suite/analysis/claims/catalogue.ts";
import { studyFiles } from "../../../suite/studies/verdicts.ts";
import { STUDIES } from "../data/catalogue.ts";
import { link, studyLink } from "../data/links.ts";
import { FINDINGS } from "../data/prose.ts";
import { verdictsOf } from "../data/verdicts.ts";
import { studyBoards } from "../figures/study-figures.ts";
import { type Html, html } from "../html.ts";
import { scrollTable } from "./figure.ts";
import { verdictMark } from "./lists.ts";
import { findingText } from "./study-evidence.ts";

export function findingsPage(): Html {
  return html`${FINDINGS ? html`<article class="prose">${FINDINGS}</article>` : nothing()}
${verdicts()}`;
}

function nothing(): Html {
  return html`<h1>Findings</h1><div class="empty"><h2>No findings written yet</h2><p>Someone who has read the boards writes them into <code>results/FINDINGS.md</code>. Until then: <a href="${link("/boards/")}">the boards</a>, <a href="${link("/pairs/")}">the pairs</a> and <a href="${link("/paper/")}">the paper, figure by figure</a>.</p></div>`;
}

/** Every claim that was measured, with its verdict by the rule on the method page. */
function verdicts(): Html | null {
  const rows = STUDIES.flatMap((study) =>
    studyBoards(study)
      .filter((task) => studyFiles(study, task).length > 0)
      .flatMap((task) =>
        verdictsOf(study, task).map(
          (result) =>
            html`<tr><th scope="row"><a href="${studyLink(study.id)}#${result.id}">${CLAIMS.find(({ id }) => id === result.id)?.statement ?? result.id}</a></th><td class="text">${study.paper}</td><td class="text">${task.tier}</td><td class="text">${verdictMark(result.verdict)}</td><td class="text">${findingText(result)}</td></tr>`,
        ),
      ),
  );
  if (rows.length === 0) return null;
  return html`<h2 id="verdicts">The paper's claims, decided by rule</h2>${scrollTable("Claims with data, and their verdicts", html`<thead><tr><th scope="col">claim</th><th scope="col" class="text">in the paper</th><th scope="col" class="text">tier</th><th scope="col" class="text">verdict</th><th scope="col" class="text">finding</th></tr></thead><tbody>${rows}</tbody>`)}`;
}
