/** @file A figure or table of the paper: ours beside theirs, the claim, the verdict, the evidence. */
import { CLAIMS } from "../../../suite/analysis/claims/catalogue.ts";
import type { ClaimResult, Range } from "../../../suite/analysis/claims/claim.ts";
import { formatCount } from "../../../suite/analysis/format.ts";
import { invalidReason } from "../../../suite/protocol/validity.ts";
import type { Cell } from "../../../suite/results/schema.ts";
import type { StudyDeclaration } from "../../../suite/studies/study.ts";
import type { TaskBoard } from "../data/boards.ts";
import { nameOf } from "../data/catalogue.ts";
import { boardLink, cellLink, link } from "../data/links.ts";
import { paperWords, readings } from "../data/paper.ts";
import { studyFiles, verdictsOf } from "../data/verdicts.ts";
import { ownFigure, publishedFigure, studyBoards } from "../figures/study-figures.ts";
import { type Html, html } from "../html.ts";
import { figureBlock, scrollTable } from "./figure.ts";
import { verdictMark } from "./lists.ts";

/** Two figures beside each other. */
const BESIDE = { width: 540 };

export function studyPage(study: StudyDeclaration): Html {
  const boards = studyBoards(study);
  const published = publishedFigure(study);
  const said = paperWords(study.id);
  const measured = boards.filter((task) => studyFiles(study, task).length > 0);
  const verdicts = (measured.length > 0 ? measured : boards.slice(0, 1)).flatMap((task) =>
    verdictsOf(study, task).map((result) => ({ tier: task.tier, result })),
  );
  return html`<p class="crumbs"><a href="${link("/paper/")}">The paper</a> · ${study.paper}</p>
<h1>${study.title}</h1><p class="lead">${study.caption}</p>
${boards.length === 0 ? html`<p class="note">The task ${study.task} is not declared yet.</p>` : null}
<ul class="verdicts">${verdicts.map(({ tier, result }) => html`<li>${verdictMark(result.verdict)} <a href="#${result.id}">${CLAIMS.find(({ id }) => id === result.id)?.statement ?? result.id}</a> <small>tier ${tier}: ${result.finding}</small></li>`)}</ul>
<div class="beside"><div><h2>Ours</h2>${boards.map((task) => ownSection(study, task))}</div>
<div><h2>The paper's</h2>
${published ? figureBlock(published, BESIDE) : html`<p>The paper printed this as a picture without numbers.</p>`}
${said ? html`<blockquote>${said}</blockquote><p class="note">In our words, from the published figure.</p>` : null}</div></div>
${study.claims.map((id) => claimSection(id, study, boards))}`;
}

function claimSection(id: string, study: StudyDeclaration, boards: readonly TaskBoard[]): Html {
  const claim = CLAIMS.find((one) => one.id === id);
  const results = boards.flatMap((task) =>
    verdictsOf(study, task)
      .filter((one) => one.id === id)
      .map((result) => ({ task, result })),
  );
  const theirs = readings().filter(
    (one) => one.claim === id && (one.where === study.task || !one.where.includes("-")),
  );
  const reading = theirs.map(
    ({ where, value, holds }) =>
      html`<li>${where}: ${Number(value.toPrecision(3))}, ${holds ? "holds" : "does not hold"}</li>`,
  );
  return html`<section id="${id}"><h2>Claim: ${claim?.statement ?? id}</h2>
<p><b>The rule:</b> ${claim?.rule ?? ""}</p>
${results.map(({ task, result }) => html`<p>Tier ${task.tier}: ${verdictMark(result.verdict)} ${result.finding}</p>${evidence(result, task.tier)}`)}
${reading.length > 0 ? html`<details><summary>Read off the paper's own numbers (best over its grid on the test set)</summary><ul>${reading}</ul></details>` : null}
</section>`;
}

function evidence({ id, statistics, missing, sensitivity }: ClaimResult, tier: string): Html {
  const number = (value: number) => `${Number(value.toPrecision(3))}`.replace("-", "−");
  const range = (interval: Range | null) =>
    interval ? `${number(interval.low)} to ${number(interval.high)}` : "no interval";
  const rows = statistics.map(
    ({ name, value, interval }) =>
      html`<tr><th scope="row">${name}</th><td>${number(value)}</td><td>${range(interval)}</td></tr>`,
  );
  const budgets = sensitivity
    .map(({ k, holds }) => `${formatCount(k)} ${holds ? "✓" : "✗"}`)
    .join(", ");
  return html`${rows.length > 0 ? scrollTable(`Evidence for ${id}, tier ${tier}`, html`<thead><tr><th scope="col">statistic</th><th scope="col">value</th><th scope="col">95% interval</th></tr></thead><tbody>${rows}</tbody>`) : null}
${budgets ? html`<p class="note">With fewer configurations tried per cell, would it point the same way? ${budgets}</p>` : null}
${missing.length > 0 ? html`<details><summary>What is missing (${missing.length})</summary><ul>${missing.map((one) => html`<li>${one}</li>`)}</ul></details>` : null}`;
}

function ownSection(study: StudyDeclaration, task: TaskBoard): Html {
  const figure = ownFigure(study, task);
  return html`<section id="tier-${task.tier}">
${figure ? figureBlock(figure, BESIDE) : html`<div class="empty"><h2>Tier ${task.tier}: not measured yet</h2><pre><code>npm run bench -- --study ${study.id} --tier ${task.tier}</code></pre></div>`}
${study.arm === "board" ? html`<p class="note">Drawn from the <a href="${boardLink(task.task.id, task.tier)}">board's</a> own trials.</p>` : null}
${cellsTable(study, task)}</section>`;
}

/** Every cell that the study needs: measured, missing or invalid. */
function cellsTable(study: StudyDeclaration, task: TaskBoard): Html | null {
  const protocol = task.task.tiers[task.tier];
  if (!protocol) return null;
  const have = new Map(
    studyFiles(study, task).map(({ cell }) => [
      `${cell.optimizer} ${cell.batchSize} ${cell.datasetSize}`,
      cell,
    ]),
  );
  const needed = study
    .cells(protocol, task.tier)
    .flatMap(({ optimizer, batchSizes, datasetSizes }) =>
      datasetSizes.flatMap((datasetSize) =>
        batchSizes.map((batchSize) => ({ optimizer, batchSize, datasetSize })),
      ),
    );
  const valid = needed.filter(
    ({ batchSize, datasetSize }) => !invalidReason(protocol.budget, batchSize, datasetSize),
  );
  const keyOf = (one: (typeof needed)[number]) =>
    `${one.optimizer} ${one.batchSize} ${one.datasetSize}`;
  const measured = valid.filter((one) => have.has(keyOf(one)));
  const missing = valid.filter((one) => !have.has(keyOf(one)));
  const item = (one: (typeof needed)[number]) =>
    `${nameOf(one.optimizer)}, batch ${formatCount(one.batchSize)}, dataset ${formatCount(one.datasetSize)}`;
  return html`<details><summary>${measured.length} of ${valid.length} cells measured</summary>
${measured.length > 0 ? html`<p>Measured:</p><ul>${measured.map((one) => html`<li><a href="${cellLink(have.get(keyOf(one)) as Cell)}">${item(one)}</a></li>`)}</ul>` : null}
${missing.length > 0 ? html`<p>Missing:</p><ul>${missing.map((one) => html`<li>${item(one)}</li>`)}</ul>` : null}
${needed.length > valid.length ? html`<p>${needed.length - valid.length} combinations are invalid: fewer than 20 updates, or a batch larger than the dataset.</p>` : null}</details>`;
}
