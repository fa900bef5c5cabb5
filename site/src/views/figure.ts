/** @file A figure on a page: drawing, what it shows, its table, its files, its command, its date. */
import { formatCount } from "../../../suite/analysis/format.ts";
import { STATUS_WORDS } from "../../../suite/analysis/words.ts";
import type { FigurePanel } from "../../../suite/studies/figure.ts";
import { link } from "../data/links.ts";
import { sourcesOf } from "../data/results.ts";
import { type Drawing, drawingsOf, inlineSvg } from "../figures/draw.ts";
import { labelOf } from "../figures/labels.ts";
import { pointText } from "../figures/line-chart.ts";
import { MAP_SHADES } from "../figures/other-charts.ts";
import { tickLabel } from "../figures/scale.ts";
import type { FigureSpec } from "../figures/spec.ts";
import { numbersOf } from "../figures/tables.ts";
import { type Child, type Html, html, raw } from "../html.ts";

const WIDE = 760;
const NARROW = 344;
const HALF = 540;
const THIRD = 372;

/** The whole block; `heading` is its level in the page. */
export function figureBlock(spec: FigureSpec, options: { width?: number } = {}): Html {
  const panels = drawingsOf(spec.figure, WIDE).length;
  return html`<figure class="fig" id="${anchorOf(spec.id)}">
<figcaption><b>${spec.title}</b> <span>${spec.caption ?? spec.finding}</span></figcaption>
${panels === 0 ? null : drawingBlock(spec, panels, options.width ?? WIDE)}
${spec.figure.kind === "maps" ? shadeKey() : null}
${tableBlock(spec, panels === 0)}
${underline(spec)}
</figure>`;
}

export const anchorOf = (id: string) => id.replace(/[^a-z0-9]+/g, "-");

function drawingBlock(spec: FigureSpec, panels: number, width: number): Html {
  const wide = drawingsOf(spec.figure, panels > 2 ? THIRD : panels > 1 ? HALF : width);
  const narrow = panels > 2 ? [] : drawingsOf(spec.figure, NARROW);
  const draw = (drawings: readonly Drawing[]) =>
    drawings.map((one) => {
      const label = one.title ? `${one.title}: ${spec.finding}` : spec.finding;
      return html`<div class="plot">${one.title && panels > 1 ? html`<p class="panel">${one.title}</p>` : null}${raw(inlineSvg(one, label))}</div>`;
    });
  const grid = panels > 1 ? html`<div class="panels">${draw(wide)}</div>` : draw(wide);
  if (panels > 2) return html`<div data-chart>${grid}</div>`;
  return html`<div class="wide" data-chart>${grid}</div><div class="narrow" data-chart>${raw(withoutTexts(html`${draw(narrow)}`.text))}</div>`;
}

/** The script reads the texts of the narrow drawing off the wide one: its marks are the same. */
const withoutTexts = (svg: string) => svg.replace(/ data-t="[^"]*"/g, "");

/** What the shades of a map mean; the same in every map. */
function shadeKey(): Html {
  const shades = MAP_SHADES.map((most, index) => {
    const words = Number.isFinite(most) ? `to ${most}` : "more";
    return html`<span class="shade"><svg width="14" height="14" aria-hidden="true"><rect class="h${MAP_SHADES.length - index}" width="14" height="14"/></svg> ${words}</span> `;
  });
  return html`<p class="note">Points below the map's best (★): ${shades} <span class="shade">${STATUS_WORDS.diverged.mark} diverged</span></p>`;
}

function tableBlock(spec: FigureSpec, open: boolean): Html {
  const tables =
    spec.figure.kind === "lines"
      ? spec.figure.panels.map((panel) => panelTable(panel, spec.title))
      : [numberTable(spec)];
  return open
    ? html`${tables}`
    : html`<details class="numbers"><summary>The numbers as a table</summary>${tables}</details>`;
}

/** One row per x, one column per series. */
function panelTable(panel: FigurePanel, title: string): Html {
  const xs = [...new Set(panel.series.flatMap(({ points }) => points.map(({ x }) => x)))].sort(
    (a, b) => a - b,
  );
  const head = panel.series.map(({ name }) => html`<th scope="col">${labelOf(name)}</th>`);
  const rows = xs.map((x) => {
    const cells = panel.series.map(({ name, points }) => {
      const point = points.find((one) => one.x === x);
      if (!point) return html`<td class="none">–</td>`;
      const hint = pointText(labelOf(name), point, panel);
      return html`<td title="${hint}">${tickLabel(Number(point.y.toPrecision(4)))}</td>`;
    });
    return html`<tr><th scope="row">${tickLabel(Number(x.toPrecision(6)))}</th>${cells}</tr>`;
  });
  const caption = `${panel.title ? `${title}, ${panel.title}` : title}: ${panel.y.label} by ${panel.x.label}`;
  return scrollTable(
    caption,
    html`<thead><tr><th scope="col">${panel.x.label}</th>${head}</tr></thead><tbody>${rows}</tbody>`,
  );
}

function numberTable(spec: FigureSpec): Html {
  const { columns, rows } = numbersOf(spec.figure);
  const body = rows.flatMap(([, ...values]) => values.filter((one) => typeof one === "number"));
  const bodyText = spec.figure.kind === "table" ? evenly(body) : sizeText;
  const text = (value: string | number | null, i: number) =>
    value === null
      ? "–"
      : typeof value === "string"
        ? labelOf(value)
        : (i === 0 ? sizeText : bodyText)(value);
  return scrollTable(
    spec.title,
    html`<thead><tr>${columns.map((one) => html`<th scope="col">${one || "row"}</th>`)}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${row.map((value, i) => (i === 0 ? html`<th scope="row">${text(value, i)}</th>` : html`<td>${text(value, i)}</td>`))}</tr>`)}</tbody>`,
  );
}

/** Numbers of one quantity, with as many decimals in every place: at most four digits of the largest. */
function evenly(values: readonly number[]): (value: number) => string {
  const most = Math.max(0, 3 - Math.floor(Math.log10(Math.max(...values.map(Math.abs)))));
  const needed = values.map((value) => `${Number(value.toFixed(most))}`.split(".")[1]?.length ?? 0);
  const decimals = Math.max(0, ...needed);
  return (value) => value.toFixed(decimals).replace("-", "−");
}

function sizeText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return "beyond the grid";
  return tickLabel(Number(value.toPrecision(4)));
}

/** A table that scrolls sideways inside itself and can be reached by keyboard. */
export function scrollTable(caption: string, content: Child, attributes = ""): Html {
  return html`<div class="scroll" role="region" aria-label="${caption}" tabindex="0"><table${raw(attributes ? ` ${attributes}` : "")}><caption>${caption}</caption>${content}</table></div>`;
}

function underline(spec: FigureSpec): Html {
  const { date, commits, trials } = sourcesOf(spec.files);
  const file = (kind: string) =>
    html`<a href="${link(`/figures/${spec.id}.${kind}`)}" download>${kind.toUpperCase()}</a>`;
  const drawn = spec.figure.kind !== "table";
  const when = spec.source
    ? html`${spec.source}`
    : date
      ? html`${formatCount(trials)} trials, the newest of <time datetime="${date}">${date}</time>, at ${commitWords(commits)}`
      : html`no trials yet`;
  return html`<p class="under">${file("csv")} ${file("json")} ${drawn ? file("svg") : null} <code class="command">${spec.command}</code> <span>${when}</span></p>`;
}

/** `commit 1a2b3c4` or `commits 1a2b3c4, … (3 in all)`. */
export function commitWords(commits: readonly string[]): string {
  const [first] = commits;
  if (!first) return "no commit";
  const short = first.slice(0, 7);
  return commits.length === 1 ? `commit ${short}` : `${commits.length} commits, the last ${short}`;
}
