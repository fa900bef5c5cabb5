/** @file A cell: every trial with its curves, its provenance and the command that repeats it. */
import { formatAmount, formatCount, formatSeconds } from "../../../suite/analysis/format.ts";
import { makersOf, makerWords } from "../../../suite/analysis/makers.ts";
import type { Cell, CellFile, Trial } from "../../../suite/results/schema.ts";
import { nameOf, taskName } from "../data/catalogue.ts";
import { boardLink, link, optimizerLink } from "../data/links.ts";
import { sparkline } from "../figures/other-charts.ts";
import { type Html, html, raw } from "../html.ts";
import { scrollTable } from "./figure.ts";
import { statusWords } from "./score.ts";

export function cellPage(
  cell: Cell,
  files: readonly CellFile[],
  chosen: ReadonlySet<string>,
): Html {
  const { task, tier, optimizer, batchSize, datasetSize } = cell;
  return html`<p class="crumbs"><a href="${link("/boards/")}">Boards</a> · <a href="${boardLink(task, tier)}">${taskName(task)}, tier ${tier}</a></p>
<h1>${nameOf(optimizer)} at batch ${formatCount(batchSize)}</h1>
<p class="lead"><a href="${optimizerLink(optimizer)}">${nameOf(optimizer)}</a> on ${taskName(task)}, tier ${tier}, dataset size ${formatCount(datasetSize)}.</p>
${files.map((file) => fileSection(file, chosen))}`;
}

function fileSection({ arm, device, trials }: CellFile, chosen: ReadonlySet<string>): Html {
  const order = (trial: Trial) => (chosen.has(trial.key) ? 0 : trial.role === "report" ? 1 : 2);
  const sorted = [...trials].sort((a, b) => order(a) - order(b) || a.seed - b.seed);
  return html`<section><h2>Arm ${arm} <small>${device.class}: ${device.processor}, ${formatCount(device.threads)} ${device.threads === 1 ? "thread" : "threads"}</small></h2>
${overview(sorted, chosen)}
${sorted.map((trial) => trialBlock(trial, chosen.has(trial.key)))}</section>`;
}

const scoreOf = ({ final }: Trial) =>
  final.testAccuracy ?? final.testLoss ?? final.halfB?.accuracy ?? null;

function overview(trials: readonly Trial[], chosen: ReadonlySet<string>): Html {
  const names = [
    ...new Set(trials.flatMap(({ hyperparameters }) => Object.keys(hyperparameters))),
  ].filter((name) => new Set(trials.map(({ hyperparameters }) => hyperparameters[name])).size > 1);
  const rows = trials.map((trial) => {
    const score = scoreOf(trial);
    return html`<tr class="${chosen.has(trial.key) ? "tied" : ""}"><th scope="row"><a href="#t${trial.key}">${trial.key.slice(0, 8)}</a></th><td class="text">${trial.role}</td><td>${trial.seed}</td>${names.map((name) => html`<td>${String(trial.hyperparameters[name] ?? "–")}</td>`)}<td>${score === null ? "–" : score.toPrecision(4)}</td><td class="text">${statusWords(trial.status)}</td></tr>`;
  });
  return scrollTable(
    `${trials.length} trials; those of the chosen configuration are marked and come first`,
    html`<thead><tr><th scope="col">trial</th><th scope="col" class="text">role</th><th scope="col">seed</th>${names.map((name) => html`<th scope="col">${name}</th>`)}<th scope="col">test</th><th scope="col" class="text">status</th></tr></thead><tbody>${rows}</tbody>`,
  );
}

function trialBlock(trial: Trial, chosen: boolean): Html {
  const { key, role, seed, status, reason, provenance, cost, hyperparameters, versions, events } =
    trial;
  const settings = Object.entries(hyperparameters).map(
    ([name, value]) => html`<div><dt>${name}</dt><dd>${String(value)}</dd></div>`,
  );
  const counted = Object.entries(events)
    .filter(([, count]) => count > 0)
    .map(([name, count]) => html`<div><dt>${name}</dt><dd>${formatCount(count)}</dd></div>`);
  return html`<article class="trial" id="t${key}"><h3><a href="#t${key}">${role} seed ${seed}</a> ${statusWords(status)}${chosen ? html` <span class="verdict">counts for the score</span>` : null}</h3>
${reason ? html`<p>${reason}</p>` : null}<dl class="facts">${settings}</dl>
<p>${curves(trial)}</p>
<details><summary>Cost and provenance</summary><dl class="facts">
<div><dt>steps</dt><dd>${formatCount(cost.steps)}</dd></div><div><dt>FLOPs</dt><dd>${formatAmount(cost.flops)}</dd></div><div><dt>training</dt><dd>${formatSeconds(cost.seconds.train)}</dd></div><div><dt>peak memory</dt><dd>${formatAmount(cost.peakBytes)}B</dd></div>${counted}
<div><dt>started</dt><dd>${provenance.startedAt.slice(0, 16).replace("T", " ")}</dd></div><div><dt>commit</dt><dd>${provenance.commit.slice(0, 12)}${provenance.dirty ? ", with uncommitted changes" : ""}</dd></div><div><dt>versions</dt><dd>task ${versions.task}, optimizer ${versions.optimizer}</dd></div><div><dt>runtime</dt><dd>${provenance.runtime}, Node ${provenance.node}, ${provenance.platform}</dd></div><div><dt>data</dt><dd>${provenance.dataset.name}, SHA-256 ${provenance.dataset.checksum.slice(0, 12)}…</dd></div><div><dt>weights</dt><dd>SHA-256 ${trial.fingerprint.slice(0, 12)}…</dd></div>
<div><dt>made</dt><dd>${makersOf([trial]).map(makerWords)}${runLink(provenance.runUrl)}</dd></div></dl></details>
<p><code class="command">${provenance.command}</code></p></article>`;
}

/** A result file is somebody's text: its address becomes a link only where it leads to a run. */
function runLink(address: string | undefined): Html | null {
  if (!address || !/^https:\/\/github\.com\/[\w.-]+\/[\w.-]+\/actions\/runs\/\d+$/.test(address))
    return null;
  return html`: <a href="${address}">the run, with an attestation</a>`;
}

function curves({ evaluations, training }: Trial): Html {
  const digits = (value: number | null | undefined) =>
    typeof value === "number" ? Number(value.toPrecision(3)) : "–";
  const ends = (values: readonly (number | null)[]) =>
    `${digits(values[0])} to ${digits(values.at(-1))}`;
  const shown = [
    ["training loss", training.loss],
    ["train loss", evaluations.trainLoss],
    ["validation accuracy", evaluations.validationAccuracy],
    ["test accuracy", evaluations.testAccuracy],
    ["test loss", evaluations.testLoss],
  ] as const;
  return html`${shown.flatMap(([name, values]) => (values && values.length > 1 ? [html`<span class="curve">${raw(sparkline(values, { width: 96, height: 24 }, `${name} ${ends(values)}`))} <small>${name} ${ends(values)}</small></span> `] : []))}`;
}
