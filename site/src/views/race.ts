/** @file The race: the form and the empty stage; nothing is fetched before start. */
import { z } from "zod";
import { OPTIMIZERS } from "../data/catalogue.ts";
import { link } from "../data/links.ts";
import { styleAt } from "../figures/palette.ts";
import { type Html, html } from "../html.ts";

export function racePage(): Html {
  const rows = OPTIMIZERS.map(({ declaration }, index) => {
    const { id, name, hyperparameters } = declaration;
    const style = styleAt(index);
    const rate = hyperparameters.shape.learningRate;
    const byDefault = rate instanceof z.ZodType ? rate.safeParse(undefined).data : undefined;
    return html`<tr><th scope="row"><label><input type="checkbox" name="racers" value="${id}" data-name="${name}" data-colour="${style.colour}" data-dash="${style.dash}"> ${name}</label></th><td>${byDefault === undefined ? "–" : html`<input class="rate" name="lr.${id}" type="number" min="0" step="any" value="${String(byDefault)}" aria-label="learning rate of ${name}">`}</td></tr>`;
  });
  return html`<h1>Race</h1>
<p class="lead">Two to four optimizers train the perceptron of tier mini in your browser, each in its own thread, from the same files as everywhere: 6,000 digits of MNIST at 14 × 14, 196-128-128-10. Nothing is fetched before you press start.</p>
<noscript><p class="note">The race needs JavaScript. Everything else on this site works without.</p></noscript>
<form id="race" class="race-form" hidden data-digits="${link("/race/digits.bin")}">
<div class="form"><label>Batch size <select name="batch">${[16, 32, 64, 128, 256, 512, 1024, 2048].map((size) => html`<option>${size}</option>`)}</select></label>
<label>Epochs <input name="epochs" type="number" min="1" max="50" required></label>
<label>Seed <input name="seed" type="number" min="0" required></label>
<label>Inverse interval (steps) <input name="inverse" type="number" min="1" max="1000" required></label>
<button class="primary" id="race-start">Start</button><button type="button" id="race-pause">Pause</button><button type="button" id="race-reset">Reset</button><button type="button" id="race-share">Share</button></div>
<details><summary>Who runs, at which learning rate</summary><table><caption>Racers, up to four</caption><thead><tr><th scope="col">optimizer</th><th scope="col">learning rate</th></tr></thead><tbody>${rows}</tbody></table></details></form>
<p id="race-status" role="status"></p>
<div class="stage"><canvas id="race-loss" role="img" aria-label="Training loss by step; the table below has the values"></canvas><canvas id="race-accuracy" role="img" aria-label="Test accuracy by step; the table below has the values"></canvas></div>
<div class="scroll" role="region" aria-label="The race in numbers" tabindex="0"><table><caption>The race in numbers</caption><thead><tr><th scope="col">optimizer</th><th scope="col">step</th><th scope="col">training loss</th><th scope="col">test accuracy</th><th scope="col">steps per second</th><th scope="col">update size</th><th scope="col">loss decrease</th><th scope="col">diagnostics</th><th scope="col">state</th></tr></thead><tbody id="race-rows"></tbody></table></div>
<h2>Why did it win?</h2><p><b>Update size</b> is ‖Δθ‖/‖θ‖ of the last step. <b>Loss decrease</b> is how much that step lowered the loss on its own batch: a good preconditioner gets more decrease out of the same update size. Diagnostics are the optimizer's own, such as the largest eigenvalue of its statistics. Steps per second is the price: what a step costs here, on one thread, in WebAssembly.</p>
<p class="note">One run from one seed at untuned learning rates decides nothing. The <a href="${link("/boards/")}">boards</a> tune every method alike and use several seeds.</p>`;
}
