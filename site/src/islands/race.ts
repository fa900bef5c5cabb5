/** @file The race's page: settings, start, pause, reset, live curves and the table that says why. */

import { drawLive, type LiveSeries } from "../race/live-chart.ts";
import type { FromRacer, RacerPoint, ToRacer } from "../race/messages.ts";
import { MOST_RACERS, type RaceSettings, readRace, writeRace } from "../race/share.ts";

interface Entrant {
  readonly id: string;
  readonly name: string;
  readonly colour: string;
  readonly dash: readonly number[];
  readonly worker: Worker;
  readonly points: RacerPoint[];
  steps: number;
  state: "loading" | "running" | "finished" | "diverged" | "failed";
}

const find = <T extends Element>(selector: string): T => document.querySelector(selector) as T;
const form = find<HTMLFormElement>("#race");
const status = find<HTMLElement>("#race-status");
const boxes = [...document.querySelectorAll<HTMLInputElement>('input[name="racers"]')];
let entrants: Entrant[] = [];
let paused = false;
let frame = 0;

const number = (name: string) => Number((form.elements.namedItem(name) as HTMLInputElement).value);

function settings(): RaceSettings {
  const racers = boxes.filter((box) => box.checked).map((box) => box.value);
  const rates = racers.flatMap((id) => {
    const field = document.querySelector<HTMLInputElement>(`input[name="lr.${id}"]`);
    return field && Number(field.value) > 0 ? [[id, Number(field.value)] as const] : [];
  });
  return {
    racers,
    batchSize: number("batch"),
    epochs: number("epochs"),
    seed: number("seed"),
    inverseInterval: number("inverse"),
    learningRates: Object.fromEntries(rates),
  };
}

function fill(race: RaceSettings): void {
  for (const box of boxes) box.checked = race.racers.includes(box.value);
  for (const [name, value] of [
    ["batch", race.batchSize],
    ["epochs", race.epochs],
    ["seed", race.seed],
    ["inverse", race.inverseInterval],
  ] as const) {
    (form.elements.namedItem(name) as HTMLInputElement).value = `${value}`;
  }
  for (const [id, rate] of Object.entries(race.learningRates)) {
    const field = document.querySelector<HTMLInputElement>(`input[name="lr.${id}"]`);
    if (field) field.value = `${rate}`;
  }
}

function start(): void {
  const race = settings();
  if (race.racers.length === 0 || race.racers.length > MOST_RACERS) {
    status.textContent = `Choose one to ${MOST_RACERS} optimizers.`;
    return;
  }
  reset();
  history.replaceState(null, "", `${location.pathname}${writeRace(race)}`);
  status.textContent = "Fetching the engine and the digits (about a megabyte) …";
  entrants = race.racers.map((id) => enter(id, race));
  show();
}

function enter(id: string, race: RaceSettings): Entrant {
  const box = boxes.find(({ value }) => value === id);
  const worker = new Worker(new URL("../race/worker.ts", import.meta.url), { type: "module" });
  const entrant: Entrant = {
    id,
    name: box?.dataset.name ?? id,
    colour: `--c${box?.dataset.colour ?? 0}`,
    dash: (box?.dataset.dash ?? "").split(" ").filter(Boolean).map(Number),
    worker,
    points: [],
    steps: 1,
    state: "loading",
  };
  worker.addEventListener("message", ({ data }: MessageEvent<FromRacer>) => hear(entrant, data));
  worker.addEventListener("error", (event) =>
    hear(entrant, { type: "error", message: event.message }),
  );
  const { batchSize, epochs, seed, inverseInterval, learningRates } = race;
  const rate = learningRates[id];
  const order = {
    optimizer: id,
    hyperparameters: { inverseInterval, ...(rate && { learningRate: rate }) },
    batchSize,
    epochs,
    seed,
    digits: form.dataset.digits ?? "",
  };
  worker.postMessage({ type: "start", order } satisfies ToRacer);
  return entrant;
}

function hear(entrant: Entrant, message: FromRacer): void {
  if (message.type === "ready") {
    entrant.steps = message.steps;
    entrant.state = "running";
    if (paused) entrant.worker.postMessage({ type: "pause" } satisfies ToRacer);
  }
  if (message.type === "point") entrant.points.push(message.point);
  if (message.type === "done") entrant.state = message.diverged ? "diverged" : "finished";
  if (message.type === "error") {
    entrant.state = "failed";
    status.textContent = `${entrant.name}: ${message.message}`;
  } else status.textContent = summary();
  cancelAnimationFrame(frame);
  frame = requestAnimationFrame(show);
}

function summary(): string {
  const running = entrants.filter(({ state }) => state === "running" || state === "loading");
  if (running.length > 0) return paused ? "Paused." : "Running.";
  const best = [...entrants].sort((a, b) => (lastAccuracy(b) ?? 0) - (lastAccuracy(a) ?? 0))[0];
  return best
    ? `Finished. Highest test accuracy: ${best.name}, ${percent(lastAccuracy(best))}. One seed decides nothing: the boards use several.`
    : "";
}

const percent = (value: number | null) => (value === null ? "–" : `${(100 * value).toFixed(1)}%`);
const lastAccuracy = ({ points }: Entrant) =>
  points.findLast(({ accuracy }) => accuracy !== null)?.accuracy ?? null;
const digits = (value: number | undefined) =>
  value !== undefined && Number.isFinite(value) ? value.toPrecision(3) : "–";

function show(): void {
  const steps = Math.max(1, ...entrants.map((one) => one.steps));
  const series = (read: (point: RacerPoint) => number | null): LiveSeries[] =>
    entrants.map(({ name, colour, dash, points }) => ({
      label: name,
      colour,
      dash,
      points: points.flatMap((point) => {
        const y = read(point);
        return y === null ? [] : [{ x: point.step, y }];
      }),
    }));
  drawLive(
    find("#race-loss"),
    series(({ loss }) => loss),
    { steps, title: "training loss (nats)", format: (v) => v.toPrecision(2), log: true },
  );
  drawLive(
    find("#race-accuracy"),
    series(({ accuracy }) => accuracy),
    { steps, title: "test accuracy", format: (v) => `${(100 * v).toFixed(0)}%`, log: false },
  );
  find("#race-rows").replaceChildren(...entrants.map(rowOf));
}

function rowOf(entrant: Entrant): HTMLTableRowElement {
  const { name, points, state, steps } = entrant;
  const last = points.at(-1);
  const rate = last && last.seconds > 0 ? last.step / last.seconds : Number.NaN;
  const notes = Object.entries(last?.diagnostics ?? {})
    .slice(0, 3)
    .map(([key, value]) => `${key} ${digits(value)}`);
  const row = document.createElement("tr");
  row.dataset.racer = entrant.id;
  const head = document.createElement("th");
  head.scope = "row";
  head.textContent = name;
  const texts = [
    `${last?.step ?? 0} of ${steps}`,
    digits(last?.loss),
    percent(lastAccuracy(entrant)),
    Number.isFinite(rate) ? rate.toFixed(0) : "–",
    digits(last?.updateNorm),
    digits(last?.decrease),
    notes.join("; ") || "–",
    state,
  ];
  row.append(
    head,
    ...texts.map((text) => Object.assign(document.createElement("td"), { textContent: text })),
  );
  return row;
}

function reset(): void {
  for (const { worker } of entrants) worker.terminate();
  entrants = [];
  paused = false;
  find("#race-pause").textContent = "Pause";
  status.textContent = "";
  show();
}

fill(
  readRace(
    location.search,
    boxes.map(({ value }) => value),
  ),
);
form.hidden = false;
form.addEventListener("submit", (event) => {
  event.preventDefault();
  start();
});
find("#race-reset").addEventListener("click", reset);
find("#race-pause").addEventListener("click", ({ currentTarget }) => {
  paused = !paused;
  for (const { worker } of entrants)
    worker.postMessage({ type: paused ? "pause" : "resume" } satisfies ToRacer);
  (currentTarget as HTMLElement).textContent = paused ? "Continue" : "Pause";
  status.textContent = summary();
});
find("#race-share").addEventListener("click", async () => {
  const address = `${location.origin}${location.pathname}${writeRace(settings())}`;
  history.replaceState(null, "", address);
  try {
    await navigator.clipboard.writeText(address);
    status.textContent = "The address of this race is in the clipboard.";
  } catch {
    status.textContent = "The address bar now holds this race.";
  }
});
