/**
 * @file Values under the pointer and by arrow keys, one curve singled out, a figure enlarged. Every
 * chart has one readout line.
 */
import { enlarge } from "./enlarge.ts";

interface Point {
  readonly mark: SVGGraphicsElement;
  readonly text: string;
}

const HINT = "Point at a mark, or use the arrow keys, for values; press a name to single it out.";

function enliven(chart: HTMLElement): void {
  const texts = marksOf(chart.matches(".narrow") ? chart.previousElementSibling : chart);
  const points = marksOf(chart).map(
    (mark, index): Point => ({ mark, text: texts[index]?.dataset.t ?? "" }),
  );
  if (points.length === 0) return;
  const readout = document.createElement("p");
  readout.className = "readout";
  readout.setAttribute("aria-live", "polite");
  readout.textContent = HINT;
  chart.append(tools(chart, readout));
  chart.tabIndex = 0;
  chart.setAttribute("role", "group");
  chart.setAttribute("aria-label", "Chart: arrow keys read its values");
  let current = -1;
  let pinned = "";

  const show = (index: number): void => {
    points[current]?.mark.classList.remove("on");
    current = index;
    const point = points[current];
    point?.mark.classList.add("on");
    readout.textContent = point?.text ?? HINT;
    light(chart, pinned || seriesOf(point?.mark));
  };
  chart.addEventListener("keydown", (event) => {
    const step = STEPS[event.key];
    if (step === undefined || event.target !== chart) return;
    event.preventDefault();
    show(nextVisible(points, current, step));
  });
  chart.addEventListener("pointermove", (event) => show(nearest(points, event)));
  chart.addEventListener("pointerleave", () => show(-1));
  chart.addEventListener("blur", () => show(-1));
  chart.addEventListener("click", (event) => {
    const pressed = event.target instanceof Element ? seriesOf(event.target) : "";
    pinned = pressed === pinned ? "" : pressed;
    light(chart, pinned);
  });
}

const marksOf = (chart: Element | null) => [
  ...(chart?.querySelectorAll<SVGGraphicsElement>("g.p") ?? []),
];

/** The readout, and the button that enlarges. */
function tools(chart: HTMLElement, readout: HTMLElement): HTMLElement {
  const row = document.createElement("div");
  row.className = "tools";
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Enlarge";
  button.addEventListener("click", () => enlarge(chart));
  row.append(readout, button);
  return row;
}

const seriesOf = (part: Element | undefined) =>
  part?.closest<SVGElement>("[data-name]")?.dataset.name ?? "";

/** Dims every series but one; `""` dims none. Where one series is all there is, nothing changes. */
function light(chart: HTMLElement, name: string): void {
  for (const svg of chart.querySelectorAll("svg.chart")) {
    const parts = [...svg.querySelectorAll<SVGElement>("[data-name]")];
    svg.classList.toggle(
      "lit",
      parts.some(({ dataset }) => dataset.name === name),
    );
    for (const part of parts) part.classList.toggle("one", part.dataset.name === name);
  }
}

const STEPS: Readonly<Record<string, number>> = {
  ArrowRight: 1,
  ArrowDown: 1,
  ArrowLeft: -1,
  ArrowUp: -1,
};

const isVisible = ({ mark }: Point) => mark.getClientRects().length > 0;

function nextVisible(points: readonly Point[], from: number, step: number): number {
  for (let tried = 1; tried <= points.length; tried++) {
    const start = from < 0 && step < 0 ? 0 : from;
    const index = (start + step * tried + points.length * 2) % points.length;
    const point = points[index];
    if (point && isVisible(point)) return index;
  }
  return -1;
}

/** Within 40 pixels. */
const REACH = 40;

function nearest(points: readonly Point[], { clientX, clientY }: PointerEvent): number {
  let best = -1;
  let distance = REACH;
  points.forEach((point, index) => {
    const { left, right, top, bottom } = point.mark.getBoundingClientRect();
    if (left === right) return;
    const dx = Math.max(left - clientX, 0, clientX - right);
    const dy = Math.max(top - clientY, 0, clientY - bottom);
    const far = Math.hypot(dx, dy);
    if (far < distance) {
      distance = far;
      best = index;
    }
  });
  return best;
}

for (const chart of document.querySelectorAll<HTMLElement>("[data-chart]")) enliven(chart);
