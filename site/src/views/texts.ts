/** @file The pages that explain: method, submitting, citing, not found. */

import { SCORE_VERSION } from "../../../suite/analysis/board.ts";
import { CLAIMS } from "../../../suite/analysis/claims/catalogue.ts";
import { formatCount } from "../../../suite/analysis/format.ts";
import { REPLICATES, RESAMPLING_SEED } from "../../../suite/analysis/random.ts";
import { STATE_WORDS, STATUS_WORDS } from "../../../suite/analysis/words.ts";
import { MIN_UPDATES } from "../../../suite/protocol/validity.ts";
import { link } from "../data/links.ts";
import { type Html, html } from "../html.ts";
import { scrollTable } from "./figure.ts";

export function methodPage(): Html {
  const marks = [...Object.values(STATUS_WORDS), ...Object.values(STATE_WORDS).slice(1)];
  const claims = CLAIMS.map(
    ({ id, source, statement, rule }) =>
      html`<tr id="${id}"><th scope="row">${statement}</th><td class="text">${source}</td><td class="text">${rule}</td></tr>`,
  );
  return html`<h1>Method</h1><p class="lead">How a number on this site comes about, and how to doubt it.</p>
<h2>What is measured</h2><p>A <b>cell</b> is a tier, a task, an optimizer, a batch size and a dataset size. In each cell every optimizer is given the same number of configurations, drawn by one quasi-random walk through its declared search space. A <b>trial</b> is one training run: a cell, a configuration and a seed.</p>
<h2>Chosen on one set, reported on another</h2><p>Tier mini keeps a validation set out of training; the configuration that is best there is reported on the whole test set. Tier paper trains on everything, as the paper did, and is cross-fitted: the configuration best on one half of the test set is reported on the other, both ways round, and the score is the mean. Seed 0 tunes; report seeds 1, 2, 3 … took no part in the choice.</p>
<h2>Ranks are ranges</h2><p>Two entries differ surely when a pooled t-test of their report seeds, widened by the luck of tuning, rejects equality at 5% after Holm's correction. A rank range says which places those sure differences allow. Entries that the leader does not surely beat are <i>tied for the lead</i>.</p>
<h2>The crossover</h2><p>The batch size (or dataset size) from which the challenger stays ahead to the end of the grid, interpolated on a log2 axis. “Always” and “never” are answers. The 95% interval redraws ${formatCount(REPLICATES)} times (seed ${RESAMPLING_SEED}) both the report seeds and the choice of configuration; its ends may lie beyond the grid. Where no point differs surely, it is a tie, whatever the curves seem to do.</p>
<h2>Cost</h2><p>FLOPs and bytes are counted at the kernel calls, by phase, so that every machine reports the same. Seconds are compared inside one device class only (backend, device, processor model, threads).</p>
<h2>What makes a cell invalid</h2><p>Fewer than ${MIN_UPDATES} updates, or a batch larger than the dataset. Divergence is a result: a diverged report seed enters the mean at chance level. A study whose baselines do not reach their competence floor decides nothing.</p>
<h2 id="marks">Marks</h2>${scrollTable("Marks and their words", html`<thead><tr><th scope="col">mark</th><th scope="col" class="text">word</th></tr></thead><tbody>${marks.map(({ mark, word }) => html`<tr><th scope="row">${mark}</th><td class="text">${word}</td></tr>`)}<tr><th scope="row">⇥</th><td class="text">optimum at the grid's edge</td></tr></tbody>`)}
<h2 id="check">How to check a number</h2><p>Click a score: its cell lists every trial with the exact command. On the same commit, processor model and thread count the rerun gives the same bits; elsewhere it agrees within the task's tolerance.</p>
<pre><code>npm ci
npm run reproduce -- results/mini/mnist-mlp/board/kfac/FILE.json#KEY
npm run board -- --task mnist-mlp --tier mini</code></pre>
<h2 id="claims">The paper's claims and their rules</h2>${scrollTable("Claims", html`<thead><tr><th scope="col">claim</th><th scope="col" class="text">source</th><th scope="col" class="text">decided by</th></tr></thead><tbody>${claims}</tbody>`)}
<p class="note">Score version ${SCORE_VERSION}. The formulas live once, in <code>suite/analysis</code>; the command line, the checks of a submission and this site share them.</p>`;
}

export function submitPage(): Html {
  return html`<h1>Submit</h1><p class="lead">An optimizer is one file and one test. The board is the pull request.</p>
<h2>A new optimizer</h2><pre><code>npm ci
npm run new -- optimizer my-method        # writes optimizers/my-method.ts and its test: change both
npm test -- optimizers/my-method          # your test, and what every optimizer must do
npm run bench -- --task mnist-mlp --optimizer sgd,adamw,my-method      # a demo, a minute
git add optimizers && git commit          # first: the results name the commit that made them
CROSSOVER_SUBMITTED_BY="Your name" npm run bench -- --task mnist-mlp --optimizer my-method --tier mini --tune
npm run validate
git add results && git commit
npm run submission -- check --base main --head HEAD      # the pull request's own check (Linux, bubblewrap)</code></pre>
<p>The last training run takes a quarter of an hour on two cores; stopped, it goes on with the same command. Then open the pull request and say what the method is, where it is from, and how the results were made. A maintainer answers within a week.</p>
<p>The file declares its rule, hyperparameters, search space and cost, and gives an update rule, or a <i>preconditioner</i>: gradient in, direction out. Clipping is shared; so are weight decay and momentum of preconditioners.</p>
<h2>More results</h2><p>Better baselines are as welcome as new methods: a pull request that only improves SGD or AdamW is accepted and credited. Results are JSON, one file per cell, arm and device class; a digest in each shows edits by hand.</p>
<h2>What happens then</h2><ol><li>A job without secrets validates the files as data and reruns one trial in a sandbox.</li><li>A comment shows the new points, the crossovers that moved, the missing cells, and outliers.</li><li>A person reads the code, and merges.</li></ol>
<h2>Doubt a number</h2><p>Run its command. If your number lies outside the task's tolerance, open an issue with the trial's key and your file. Confirmed doubts strike the row, and the reason stays in the <a href="${link("/log/")}">log</a>.</p>`;
}

const BIBTEX = `@software{crossover,
  title  = {Crossover: when does second-order optimization speed up training?},
  author = {{The Crossover contributors}},
  note   = {Benchmark, with results by cell, configuration and seed},
  version = {0.1.0}
}

@inproceedings{ishikawa2024when,
  title     = {When Does Second-Order Optimization Speed Up Training?},
  author    = {Ishikawa, Satoki and Yokota, Rio},
  booktitle = {ICLR 2024 Tiny Papers},
  year      = {2024}
}`;

export function citePage(commit: string | null): Html {
  return html`<h1>Cite</h1><p class="lead">If a number from here stands in your paper, cite Crossover with the commit of the data, and the paper whose question it asks.</p>
<pre tabindex="0"><code>${BIBTEX}</code></pre>
<p>${commit ? html`This page was built from commit <code>${commit}</code>. ` : null}The same is in <code>CITATION.cff</code>.</p>
<h2>Licences</h2><p>Code: Apache-2.0. Data (the result files, and the figures and tables drawn from them): <a href="https://creativecommons.org/licenses/by/4.0/">CC BY 4.0</a>. The paper's own numbers belong to its authors.</p>`;
}

export function missingPage(): Html {
  return html`<h1>There is no such page</h1><p class="lead">A cell that was removed is listed in the <a href="${link("/log/")}">log</a>, with the reason.</p><ul><li><a href="${link("/boards/")}">All boards</a></li><li><a href="${link("/optimizers/")}">All optimizers</a></li><li><a href="${link("/paper/")}">The paper, figure by figure</a></li></ul>`;
}
