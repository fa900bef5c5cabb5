/** @file What a claim's verdict rests on. */
import { CLAIMS } from "../../../suite/analysis/claims/catalogue.ts";
import type { ClaimResult, ClaimStatistic, Range } from "../../../suite/analysis/claims/claim.ts";
import { formatCount } from "../../../suite/analysis/format.ts";
import type { StudyDeclaration } from "../../../suite/studies/study.ts";
import type { TaskBoard } from "../data/boards.ts";
import { named } from "../data/catalogue.ts";
import { readings } from "../data/paper.ts";
import { verdictsOf } from "../data/verdicts.ts";
import { type Html, html } from "../html.ts";
import { scrollTable } from "./figure.ts";
import { verdictMark } from "./lists.ts";

/** The finding in words, with names and real minus signs. */
export const findingText = ({ finding }: ClaimResult) =>
  named(finding).replace(/(^|\s)-(?=\d)/g, "$1−");

export function claimSection(
  id: string,
  study: StudyDeclaration,
  boards: readonly TaskBoard[],
): Html {
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
      html`<li>${where}: ${number(value)}, ${holds ? "holds" : "does not hold"}</li>`,
  );
  return html`<section id="${id}"><h2>Claim: ${claim?.statement ?? id}</h2>
<p><b>The rule:</b> ${claim?.rule ?? ""}</p>
${results.map(({ task, result }) => html`<p>Tier ${task.tier}: ${verdictMark(result.verdict)} ${findingText(result)}</p>${evidence(result, task)}`)}
${reading.length > 0 ? html`<details><summary>Read off the paper's own numbers (best over its grid on the test set)</summary><ul>${reading}</ul></details>` : null}
</section>`;
}

const number = (value: number) => `${Number(value.toPrecision(3))}`.replace("-", "−");

function evidence(result: ClaimResult, { tier, facts }: TaskBoard): Html {
  const { id, statistics, missing, sensitivity } = result;
  const rows = statistics.map((statistic) => {
    const write = writerOf(statistic, facts.primary === "accuracy");
    return html`<tr><th scope="row">${labelOfStatistic(statistic)}</th><td>${Number.isNaN(statistic.value) ? "not known" : write(statistic.value)}</td><td>${range(statistic.interval, write)}</td></tr>`;
  });
  const budgets = sensitivity
    .map(({ k, holds }) => `${formatCount(k)} ${holds ? "✓" : "✗"}`)
    .join(", ");
  return html`${rows.length > 0 ? scrollTable(`Evidence for ${id}, tier ${tier}`, html`<thead><tr><th scope="col">statistic</th><th scope="col">value</th><th scope="col">95% interval</th></tr></thead><tbody>${rows}</tbody>`) : null}
${budgets ? html`<p class="note">With fewer configurations tried per cell, would it point the same way? ${budgets}</p>` : null}
${missing.length > 0 ? html`<details><summary>What is missing (${missing.length})</summary><ul>${missing.map((one) => html`<li>${named(one)}</li>`)}</ul></details>` : null}`;
}

const labelOfStatistic = ({ name }: ClaimStatistic) =>
  named(name).replace(/\b\d{4,}\b/g, (digits) => formatCount(Number(digits)));

/** Differences of accuracy in points; everything else (τ of a difference too) as a plain number. */
function writerOf({ name }: ClaimStatistic, accuracy: boolean): (value: number) => string {
  if (!accuracy || !name.includes(" minus ") || name.startsWith("τ")) return number;
  return (value) => `${(100 * value).toFixed(2).replace("-", "−")} points`;
}

const range = (interval: Range | null, write: (value: number) => string) =>
  interval
    ? `${write(interval.low).replace(" points", "")} to ${write(interval.high)}`
    : "no interval";
