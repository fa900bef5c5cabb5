/** @file Measured milliseconds of a step: one optimizer by phase, and all of them side by side. */
import type { OptimizerTimes, StepTable } from "../../../suite/launch/step-table.ts";
import { nameOf, rankOf } from "../data/catalogue.ts";
import { optimizerLink } from "../data/links.ts";
import { stepTables } from "../data/step-tables.ts";
import { type Html, html } from "../html.ts";
import { commitWords, scrollTable } from "./figure.ts";

const COMMAND = "npm run speed -- --steps --write";

/** What a step of one optimizer takes here and there, split by phase. */
export function stepTimesOf(id: string): Html {
  const sections = stepTables().flatMap((table) => {
    const own = table.measurements.filter(({ optimizer }) => optimizer === id);
    if (own.length === 0) return [];
    const peer = own.find((times) => times.peer)?.peer?.name;
    const rows = own.map(
      (times) =>
        html`<tr><th scope="row">${modelName(times)}</th>${variantCells(times, firstOf)}${variantCells(times, tenthOf)}<td>${digits(times.phases?.precondition)}</td><td>${digits(times.phases?.curvature)}</td><td>${digits(times.phases?.inverse)}</td><td>${floorOf(times, table)}</td>${peer && peerCells(times)}</tr>`,
    );
    const head = html`<thead><tr><th scope="col">model, batch</th><th scope="col">ms a step</th><th scope="col">× SGD</th><th scope="col">ms at interval 10</th><th scope="col">× SGD</th><th scope="col">precondition</th><th scope="col">curvature</th><th scope="col">inverse</th><th scope="col">× floor</th>${peer && html`<th scope="col">ms in ${peer}</th><th scope="col">ours ×</th>`}</tr></thead>`;
    return html`${scrollTable(`Milliseconds of a step: ${nameOf(id)}`, html`${head}<tbody>${rows}</tbody>`)}${measuredOn(table)}`;
  });
  if (sections.length === 0) {
    return html`<h3>Measured</h3><p>Its steps are not measured yet: <code class="command">${COMMAND}</code></p>`;
  }
  return html`<h3>Measured</h3>${sections}<p class="note">Everything renewed in every step, then in every tenth (the mean). Phases by difference: precondition, over SGD, in a step that renews nothing; curvature and inverse, what renewing them adds, in one column where they come together, and with the precondition where its own is empty; a value below zero is noise. Floor: FLOPs counted over the rate of a matrix product of order 1024 in the same run.</p>`;
}

/** Every optimizer's step as a multiple of SGD's and of a peer's, two tables for each machine, the latest first. */
export function stepTimesOverview(): Html {
  const tables = stepTables().map((table) => {
    const withPeer = table.measurements.filter(({ peer }) => peer);
    const peer = withPeer[0]?.peer?.name;
    return html`${byModel("A step's time over SGD's", table.measurements, timesSgd)}${peer && byModel(`A step's time over ${peer}'s`, withPeer, timesPeer)}${measuredOn(table)}`;
  });
  if (tables.length === 0)
    return html`<p>Not measured yet: <code class="command">${COMMAND}</code></p>`;
  return html`${tables}<p class="note">The machine measured last comes first: older tables are of older code. Everything renewed in every step; in brackets, in every tenth. Each ratio is the median of ratios within a round of turns, so a drifting machine does not bend it. A peer is the same method in that library, on the same net, batch and threads, in turns with ours: its own optimizer or, for the paper's second-order methods on the MLPs, our lines for it (suite/engine/speed/peers/torch_second_order.py). What it does not have is left out.</p>`;
}

/** One row for each optimizer, one column for each model. */
function byModel(
  caption: string,
  measurements: readonly OptimizerTimes[],
  cellOf: (times: OptimizerTimes) => string,
): Html {
  const models = [...new Set(measurements.map(modelName))];
  const ids = [...new Set(measurements.map(({ optimizer }) => optimizer))];
  ids.sort((a, b) => rankOf(a) - rankOf(b));
  const rows = ids.map((id) => {
    const cells = models.map((model) => {
      const times = measurements.find((one) => one.optimizer === id && modelName(one) === model);
      return html`<td>${times ? cellOf(times) : "not measured"}</td>`;
    });
    return html`<tr><th scope="row"><a href="${optimizerLink(id)}">${nameOf(id)}</a></th>${cells}</tr>`;
  });
  const head = html`<thead><tr><th scope="col">optimizer</th>${models.map((model) => html`<th scope="col">${model}</th>`)}</tr></thead>`;
  return scrollTable(caption, html`${head}<tbody>${rows}</tbody>`);
}

const modelName = ({ model, batchSize }: OptimizerTimes): string => `${model}, batch ${batchSize}`;

const firstOf = ({ variants }: OptimizerTimes) => variants[0];
const tenthOf = ({ variants }: OptimizerTimes) => variants.find(({ refresh }) => refresh === "10");

function variantCells(times: OptimizerTimes, of: typeof tenthOf): Html {
  const variant = of(times);
  return html`<td>${digits(variant?.medianMs)}</td><td>${digits(variant?.timesSgd)}</td>`;
}

function timesSgd(times: OptimizerTimes): string {
  const tenth = tenthOf(times);
  const first = digits(firstOf(times)?.timesSgd);
  return tenth ? `${first} (${digits(tenth.timesSgd)})` : first;
}

const timesPeer = ({ peer }: OptimizerTimes): string =>
  peer && "ratio" in peer ? digits(peer.ratio) : "failed";

function peerCells({ peer }: OptimizerTimes): Html {
  if (!peer) return html`<td></td><td></td>`;
  if ("error" in peer) return html`<td>failed</td><td></td>`;
  return html`<td>${digits(peer.medianMs)}</td><td>${digits(peer.ratio)}</td>`;
}

function floorOf(times: OptimizerTimes, { gemmGflops }: StepTable): string {
  const first = firstOf(times);
  if (!first) return "";
  const flops = Object.values(first.flops).reduce((sum, one) => sum + one, 0);
  return digits(first.medianMs / ((1000 * flops) / (1e9 * gemmGflops)));
}

/** Three digits, never an exponent. */
function digits(value: number | undefined): string {
  if (value === undefined) return "";
  const decimals = Math.abs(value) < 10 ? 2 : Math.abs(value) < 100 ? 1 : 0;
  return value.toFixed(decimals).replace("-", "−");
}

function measuredOn({
  processor,
  threads,
  runtime,
  measuredAt,
  commit,
  gemmGflops,
  measurements,
}: StepTable): Html {
  const command = measurements.some(({ peer }) => peer) ? `${COMMAND} --python PATH` : COMMAND;
  const day = measuredAt.slice(0, 10);
  return html`<p class="under"><code class="command">${command}</code> <span>${processor}, ${threads} threads, ${runtime}, ${gemmGflops.toFixed(0)} GFLOP/s; <time datetime="${day}">${day}</time>, ${commitWords([commit])}</span></p>`;
}
