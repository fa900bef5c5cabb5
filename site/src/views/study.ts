/** @file A figure or table of the paper: ours beside theirs, the claim, the verdict, the evidence. */
import { CLAIMS } from "../../../suite/analysis/claims/catalogue.ts";
import type { StudyDeclaration } from "../../../suite/studies/study.ts";
import { studyFiles } from "../../../suite/studies/verdicts.ts";
import type { TaskBoard } from "../data/boards.ts";
import { boardLink, link } from "../data/links.ts";
import { paperWords } from "../data/paper.ts";
import { noteOf } from "../data/prose.ts";
import { verdictsOf } from "../data/verdicts.ts";
import {
  overlayFigure,
  ownFigure,
  publishedFigure,
  studyBoards,
} from "../figures/study-figures.ts";
import { type Html, html } from "../html.ts";
import { besidePaper } from "./beside-paper.ts";
import { figureBlock } from "./figure.ts";
import { verdictMark } from "./lists.ts";
import { cellsOfStudy } from "./study-cells.ts";
import { claimSection, findingText } from "./study-evidence.ts";

/** Two figures beside each other. */
const BESIDE = { width: 540 };

export function studyPage(study: StudyDeclaration): Html {
  const boards = studyBoards(study);
  const published = publishedFigure(study);
  const said = paperWords(study.id);
  const measured = boards.filter((task) => studyFiles(study, task).length > 0);
  const shown = measured.length > 0 ? measured : boards.slice(0, 1);
  const verdicts = study.claims.map((id) => {
    const results = shown.flatMap((task) =>
      verdictsOf(study, task)
        .filter((one) => one.id === id)
        .map(
          (result) =>
            html`<br>${verdictMark(result.verdict)} <small>tier ${task.tier}: ${findingText(result)}</small>`,
        ),
    );
    return html`<li><a href="#${id}">${CLAIMS.find((one) => one.id === id)?.statement ?? id}</a>${results}</li>`;
  });
  const note = noteOf(study.id);
  const quote = said
    ? html`<blockquote>${said.charAt(0).toUpperCase()}${said.slice(1)}.</blockquote><p class="note">In our words, from the published figure.</p>`
    : null;
  return html`<p class="crumbs"><a href="${link("/paper/")}">The paper</a> · ${study.paper}</p>
<h1>${study.title}</h1><p class="lead">${study.caption}</p>
${boards.length === 0 ? html`<p class="note">The task ${study.task} is not declared yet.</p>` : null}
<ul class="verdicts">${verdicts}</ul>
${note ? html`<section class="prose" id="note"><h2>Note</h2>${note}</section>` : null}
${
  published
    ? html`<div class="beside"><div><h2>Ours</h2>${boards.map((task) => ownSection(study, task, BESIDE))}</div><div><h2>The paper's</h2>${figureBlock(published, BESIDE)}${quote}</div></div>`
    : html`<h2>The paper's</h2><p>The paper printed this as a picture without numbers.</p>${quote}<h2>Ours</h2>${boards.map((task) => ownSection(study, task))}`
}
${boards.map((task) => besidePaper(study, task))}
${study.claims.map((id) => claimSection(id, study, boards))}`;
}

function ownSection(
  study: StudyDeclaration,
  task: TaskBoard,
  options: { width?: number } = {},
): Html {
  const figure = ownFigure(study, task);
  const overlay = overlayFigure(study, task);
  return html`<section id="tier-${task.tier}">
${figure ? figureBlock(figure, options) : notMeasured(study, task)}
${overlay ? html`<details class="overlay"><summary>On the same axes as the paper's points</summary>${figureBlock(overlay, options)}</details>` : null}
${study.arm === "board" ? html`<p class="note">Drawn from the <a href="${boardLink(task.task.id, task.tier)}">board's</a> own trials.</p>` : null}
${cellsOfStudy(study, task)}</section>`;
}

function notMeasured(study: StudyDeclaration, task: TaskBoard): Html {
  return html`<div class="empty"><h3>Tier ${task.tier}: not measured yet</h3><pre tabindex="0"><code>npm run plan -- --study ${study.id} --tier ${task.tier}    # what it will cost
npm run bench -- --study ${study.id} --tier ${task.tier}</code></pre></div>`;
}
