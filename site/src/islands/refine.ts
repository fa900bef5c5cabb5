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
  for (const key of ["q", "group", "fold", "size", "vs"] as const) {
    const control = form.elements.namedItem(key);
    if (control instanceof HTMLInputElement && control.type === "checkbox") {
      control.checked = state[key] === control.value;
    } else if (
      control instanceof HTMLInputElement ||
      control instanceof HTMLSelectElement ||
      control instanceof RadioNodeList
    ) {
      control.value = state[key];
    }
  }
}

function fromControls(form: HTMLFormElement): ViewState {
  const data = new FormData(form);
  const text = (key: string) => String(data.get(key) ?? "");
  return {
    ...state,
    q: text("q"),
    group: text("group"),
    fold: data.has("fold") ? "variants" : "",
    size: text("size"),
    vs: text("vs"),
  };
}

const nameOf = (row: HTMLElement) =>
  row.querySelector(".name")?.textContent ?? row.dataset.optimizer ?? "";

function entryOf(row: HTMLElement) {
  const { optimizer = "", groups = "", variant = "", position = "" } = row.dataset;
  return { optimizer, groups: groups.split(" "), variant, name: nameOf(row), size: position };
}

function apply(): void {
  const shown = new Set<string>();
  const known = new Set<string>();
  for (const row of document.querySelectorAll<HTMLElement>("[data-optimizer]")) {
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
  countVariants(shown);
  countShown(shown.size, known.size);
}

/** Beside a method whose variants are folded: how many. */
function countVariants(shown: ReadonlySet<string>): void {
  for (const note of document.querySelectorAll(".folded")) note.remove();
  if (!state.fold) return;
  for (const row of document.querySelectorAll<HTMLElement>("table.matrix tr[data-optimizer]")) {
    const { optimizer = "" } = row.dataset;
    const own = row.parentElement?.querySelectorAll(`tr[data-variant="${optimizer}"]`).length ?? 0;
    if (own === 0 || !shown.has(optimizer)) continue;
    const note = document.createElement("small");
    note.className = "folded";
    note.textContent = ` + ${own} ${own === 1 ? "variant" : "variants"}`;
    row.querySelector("th")?.append(note);
  }
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
