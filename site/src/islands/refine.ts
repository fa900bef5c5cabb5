/** @file A board's controls: filter, group, sort; the state stands in the address. */
import { ALL, isShown, readState, SORTS, type Sort, type ViewState, writeState } from "./state.ts";

const bar = document.querySelector<HTMLFormElement>("#refine");
let state: ViewState = readState(location.search);

function change(to: ViewState): void {
  state = to;
  history.replaceState(null, "", `${location.pathname}${writeState(state)}${location.hash}`);
  apply();
}

function fillControls(form: HTMLFormElement): void {
  for (const key of ["q", "family", "size", "vs"] as const) {
    const control = form.elements.namedItem(key);
    if (control instanceof HTMLInputElement || control instanceof HTMLSelectElement) {
      control.value = state[key];
    }
  }
}

function fromControls(form: HTMLFormElement): ViewState {
  const data = new FormData(form);
  const text = (key: string) => String(data.get(key) ?? "");
  return { ...state, q: text("q"), family: text("family"), size: text("size"), vs: text("vs") };
}

const nameOf = (row: HTMLElement) =>
  row.querySelector(".name")?.textContent ?? row.dataset.optimizer ?? "";

function entryOf(row: HTMLElement) {
  const { optimizer = "", family = "", position = "" } = row.dataset;
  return { optimizer, family, name: nameOf(row), size: position };
}

function apply(): void {
  const shown = new Set<string>();
  const known = new Set<string>();
  for (const row of document.querySelectorAll<HTMLElement>("tr[data-optimizer]")) {
    const entry = entryOf(row);
    row.hidden = !isShown(state, entry);
    known.add(entry.optimizer);
    if (isShown({ ...state, size: "" }, entry)) shown.add(entry.optimizer);
  }
  for (const part of document.querySelectorAll<SVGElement>("[data-name]")) {
    const name = part.dataset.name ?? "";
    part.style.display = known.has(name) && !shown.has(name) ? "none" : "";
  }
  for (const section of document.querySelectorAll<HTMLElement>("[data-versus]")) {
    section.hidden = state.vs !== "" && section.dataset.versus !== state.vs;
  }
  for (const table of document.querySelectorAll<HTMLTableElement>("table.entries")) sortRows(table);
  countShown(shown.size, known.size);
}

function countShown(optimizers: number, all: number): void {
  const status = document.querySelector("#refine-shown");
  if (status) status.textContent = `${optimizers} of ${all} optimizers shown`;
  for (const line of document.querySelectorAll<HTMLElement>("[data-shown]")) {
    const rows = [
      ...document.querySelectorAll<HTMLElement>(`[data-entries="${line.dataset.shown}"] tbody tr`),
    ];
    line.textContent = `${rows.filter((row) => !row.hidden).length} of ${rows.length} shown`;
  }
}

function sortValue(row: HTMLElement, key: Sort): number | string {
  if (key === "optimizer") return nameOf(row);
  const text = row.dataset[key];
  return text ? Number(text) : Number.POSITIVE_INFINITY;
}

function sortRows(table: HTMLTableElement): void {
  const body = table.tBodies[0];
  if (!body) return;
  const sign = state.descending ? -1 : 1;
  const rows = [...body.rows].map((row) => ({ row, value: sortValue(row, state.sort) }));
  rows.sort((a, b) => sign * (a.value < b.value ? -1 : a.value > b.value ? 1 : 0));
  body.append(...rows.map(({ row }) => row));
  for (const head of table.querySelectorAll<HTMLElement>("th[data-key]")) {
    const current = head.dataset.key === state.sort;
    head.setAttribute(
      "aria-sort",
      current ? (state.descending ? "descending" : "ascending") : "none",
    );
  }
}

function makeSortable(): void {
  for (const head of document.querySelectorAll<HTMLElement>("table.entries th[data-key]")) {
    const key = SORTS.find((one) => one === head.dataset.key);
    if (!key) continue;
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    button.addEventListener("click", () =>
      change({ ...state, sort: key, descending: state.sort === key && !state.descending }),
    );
    head.replaceChildren(button);
  }
}

if (bar) {
  bar.hidden = false;
  makeSortable();
  fillControls(bar);
  apply();
  bar.addEventListener("input", () => change(fromControls(bar)));
  bar.addEventListener("reset", (event) => {
    event.preventDefault();
    change(ALL);
    fillControls(bar);
  });
  bar.addEventListener("submit", (event) => event.preventDefault());
  addEventListener("popstate", () => {
    state = readState(location.search);
    fillControls(bar);
    apply();
  });
}
