/** @file An optimizer: its rule, hyperparameters, cost, where it wins, its crossovers, its file. */
import { z } from "zod";
import { formatAmount, formatCount } from "../../../suite/analysis/format.ts";
import { axisWords, crossoverWords } from "../../../suite/analysis/words.ts";
import type { OptimizerDeclaration } from "../../../suite/optimizer/declaration.ts";
import type { SearchDimension } from "../../../suite/optimizer/search.ts";
import { allPairs, measuredBoards } from "../data/boards.ts";
import { type CataloguedOptimizer, nameOf, taskName } from "../data/catalogue.ts";
import { formula } from "../data/formulas.ts";
import { boardLink, link, pairLink } from "../data/links.ts";
import { type Html, html } from "../html.ts";
import { scrollTable } from "./figure.ts";
import { matrixCell } from "./score.ts";
import { stepTimesOf } from "./step-times.ts";

const NEEDS: Readonly<Record<string, string>> = {
  layerInputs: "inputs of each layer",
  outputGradients: "gradients at each layer's output",
  sampledLabels: "a backward pass with labels drawn from the model",
  hessianVectors: "Hessian-vector products",
  secondPass: "a second evaluation on the same batch",
};

export function optimizerPage({ declaration, file }: CataloguedOptimizer): Html {
  const { id, name, summary, rule, citation, family, version, needs } = declaration;
  const asked = Object.entries(needs).flatMap(([need, wanted]) =>
    wanted ? [NEEDS[need] ?? need] : [],
  );
  return html`<p class="crumbs"><a href="${link("/optimizers/")}">Optimizers</a> · ${family}</p>
<h1>${name}</h1><p class="lead">${summary}</p>
<p>${citation.authors}, <a href="${citation.url}">${citation.title}</a>, ${citation.year}.</p>
<h2>The update</h2>${rule.map((line, index) => html`<div class="rule" tabindex="0" role="region" aria-label="formula ${index + 1}">${formula(line, true)}</div>`)}
<p class="note">Version ${version}, in <code>${file}</code>. ${asked.length > 0 ? `It needs ${asked.join("; ")}.` : "It needs gradients only."}</p>
${hyperparameters(declaration)}
${costPerLayer(declaration)}
${stepTimesOf(id)}
${wins(id)}
${crossovers(id)}
<h2>Run it</h2><pre><code>npm run bench -- --task mnist-mlp --tier mini --optimizer ${id} --tune</code></pre>`;
}

function hyperparameters({
  hyperparameters: schema,
  search,
  paperGrid = {},
}: OptimizerDeclaration): Html {
  const rows = Object.entries(schema.shape).map(([name, field]) => {
    const meta = (z.globalRegistry.get(field) ?? {}) as Partial<
      Record<"symbol" | "unit" | "description", string>
    >;
    const byDefault = field.safeParse(undefined).data;
    const dimension = search[name];
    return html`<tr><th scope="row"><code>${name}</code></th><td class="text">${meta.symbol ? formula(meta.symbol) : ""}</td><td>${String(byDefault)}</td><td class="text">${meta.unit === "1" ? "" : (meta.unit ?? "")}</td><td class="text">${meta.description ?? ""}</td><td class="text">${dimension ? dimensionWords(dimension) : "fixed"}</td><td class="text">${paperGrid[name]?.join(", ") ?? ""}</td></tr>`;
  });
  return html`<h2>Hyperparameters</h2>${scrollTable("Hyperparameters: defaults and where they are searched", html`<thead><tr><th scope="col">name</th><th scope="col" class="text">symbol</th><th scope="col">default</th><th scope="col" class="text">unit</th><th scope="col" class="text">meaning</th><th scope="col" class="text">search</th><th scope="col" class="text">the paper's grid</th></tr></thead><tbody>${rows}</tbody>`)}`;
}

function dimensionWords(dimension: SearchDimension): string {
  if (dimension.kind === "choice") return dimension.values.join(", ");
  return `${dimension.low} to ${dimension.high}, ${dimension.kind}`;
}

const LAYER = { dIn: 1024, dOut: 1024, rows: 256, examples: 256 };

function costPerLayer({ cost, name }: OptimizerDeclaration): Html {
  const { state, ...phases } = cost(LAYER);
  const rows = Object.entries(phases).map(
    ([phase, flops]) =>
      html`<tr><th scope="row">${phase}</th><td>${formatAmount(flops ?? 0)} FLOPs</td></tr>`,
  );
  return html`<h2>Cost</h2><p>What ${name} adds to gradient descent for one linear layer of ${formatCount(LAYER.dIn)} × ${formatCount(LAYER.dOut)} at a batch of ${LAYER.rows}, whenever the phase is due. Forward and backward take ${formatAmount(6 * LAYER.rows * LAYER.dIn * LAYER.dOut)} FLOPs.</p>
${scrollTable("Cost by phase", html`<thead><tr><th scope="col">phase</th><th scope="col">each time</th></tr></thead><tbody>${rows}<tr><th scope="row">state</th><td>${formatAmount(4 * state)} bytes</td></tr></tbody>`)}`;
}

function wins(id: string): Html {
  const tables = measuredBoards().flatMap(({ task, tier, slices }) => {
    const board = slices[0]?.board;
    const row = board?.rows.find(({ optimizer }) => optimizer === id);
    if (!board || !row) return [];
    const led = row.entries.filter(({ tied }) => tied).length;
    return html`<h3><a href="${boardLink(task.id, tier)}">${task.name}, tier ${tier}</a></h3><p>In the lead, or tied for it, at ${led} of ${row.scored} ${axisWords(board.axis)}s.</p>${scrollTable(`${nameOf(id)} by ${axisWords(board.axis)}`, html`<thead><tr><th scope="col">${axisWords(board.axis)}</th>${board.points.map((one) => html`<th scope="col">${formatCount(one)}</th>`)}</tr></thead><tbody><tr><th scope="row">${board.metric.name}</th>${row.entries.map((entry) => matrixCell(board, entry))}</tr></tbody>`, `class="matrix"`)}`;
  });
  return html`<h2>Where it wins</h2>${tables.length > 0 ? tables : html`<p>No cell of it is measured yet.</p>`}`;
}

function crossovers(id: string): Html | null {
  const own = allPairs().filter(({ challenger, baseline }) => challenger === id || baseline === id);
  if (own.length === 0) return null;
  const items = own.map(({ challenger, baseline, on }) => {
    const [first] = on;
    return html`<li><a href="${pairLink(challenger, baseline)}">${nameOf(challenger)} over ${nameOf(baseline)}</a>: ${first ? crossoverWords(first.pair) : ""} <small>${taskName(first?.pair.board.task ?? "")}, tier ${first?.pair.board.tier}</small></li>`;
  });
  return html`<h2>Its crossovers</h2><ul>${items}</ul>`;
}
