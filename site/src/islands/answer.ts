/** @file The form "at my batch and data size": the same analysis as everywhere, in the browser. */
import { answerAt } from "../../../suite/analysis/answer.ts";
import { answerSentences } from "../../../suite/analysis/answer-words.ts";
import { primaryMetric, type TaskFacts } from "../../../suite/analysis/metric.ts";
import type { MeasuredCell } from "../../../suite/analysis/score-cells.ts";
import { namer } from "../named.ts";
import { reviveCells } from "./cells.ts";

const form = document.querySelector<HTMLFormElement>("#ask");
const place = document.querySelector<HTMLElement>("#answer");

function control<T extends HTMLInputElement | HTMLSelectElement>(name: string): T {
  return form?.elements.namedItem(name) as T;
}

const loaded = new Map<string, Promise<MeasuredCell[]>>();

function cellsOf(file: string): Promise<MeasuredCell[]> {
  const known =
    loaded.get(file) ??
    fetch(file)
      .then((reply) => reply.text())
      .then(reviveCells);
  loaded.set(file, known);
  return known;
}

const namesOf = (option: HTMLOptionElement | undefined) =>
  JSON.parse(option?.dataset.optimizers ?? "[]") as [string, string][];

const chosenTask = () => control<HTMLSelectElement>("task").selectedOptions[0];

/** The baselines that the chosen task has; AdamW unless the address says otherwise. */
function fillVersus(wanted: string): void {
  const ids = namesOf(chosenTask());
  const select = control<HTMLSelectElement>("vs");
  select.replaceChildren(...ids.map(([id, name]) => new Option(name, id)));
  select.value = ids.some(([id]) => id === wanted) ? wanted : (ids[0]?.[0] ?? "");
}

function fill(query: URLSearchParams): void {
  const task = query.get("task");
  const select = control<HTMLSelectElement>("task");
  const option = [...select.options].find(
    ({ value }) => value === task || value.startsWith(`${task}.`),
  );
  if (option) option.selected = true;
  fillVersus(query.get("vs") ?? "adamw");
  for (const name of ["batch", "dataset"]) {
    const given = query.get(name);
    if (given) control<HTMLInputElement>(name).value = given;
  }
}

async function answer(): Promise<void> {
  const option = chosenTask();
  if (!place || !option) return;
  const facts = JSON.parse(option.dataset.facts ?? "{}") as TaskFacts;
  const request = {
    batchSize: Number(control("batch").value),
    datasetSize: Number(control("dataset").value),
    versus: control("vs").value,
    metric: primaryMetric(facts),
  };
  place.textContent = "Reading the cells …";
  try {
    const cells = await cellsOf(option.dataset.file ?? "");
    const named = namer(namesOf(option));
    const [head, ...rest] = answerSentences(answerAt(cells, request), request).map(named);
    const title = document.createElement("h2");
    title.textContent = head ?? "";
    const list = document.createElement("ul");
    list.append(
      ...rest.map((line) => Object.assign(document.createElement("li"), { textContent: line })),
    );
    place.replaceChildren(title, list);
  } catch {
    place.textContent =
      "The cells could not be read. Is the connection there? The answers below need none.";
  }
}

if (form) {
  form.hidden = false;
  const query = new URLSearchParams(location.search);
  fill(query);
  control("task").addEventListener("change", () => fillVersus(control("vs").value));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const state = new URLSearchParams(
      [...new FormData(form)].map(([key, value]) => [key, String(value)]),
    );
    history.replaceState(null, "", `${location.pathname}?${state}`);
    void answer();
  });
  if (query.has("batch")) void answer();
}
