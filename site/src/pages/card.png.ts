/** @file The image that links to the site carry: the crossover figure, 1200 × 630. */
import type { APIRoute } from "astro";
import sharp from "sharp";
import { curvesFigure } from "../figures/board-figures.ts";
import { leadFigure } from "../figures/lead-figure.ts";
import { lineChart } from "../figures/line-chart.ts";
import { STANDALONE_STYLE } from "../figures/svg-style.ts";
import { escaped } from "../html.ts";
import { baselineOf, headline, leadingBoard } from "../views/home.ts";

/** Of the chart, before it is scaled up: letters stay legible in a preview. */
const SIZE = { width: 780, height: 306 };

export const GET: APIRoute = async () => {
  const found = leadingBoard();
  const baseline = found ? baselineOf(found.slice) : undefined;
  const figure =
    found && ((baseline && leadFigure(found.slice, baseline)) || curvesFigure(found.slice));
  const panel = figure?.figure.kind === "lines" ? figure.figure.panels[0] : undefined;
  const drawing =
    panel && figure?.figure.kind === "lines" ? lineChart(panel, SIZE, figure.figure) : undefined;
  const title = found ? headline(found.slice, baseline) : "Nobody has measured it here yet.";
  const lines = inTwo(title).map(
    (line, index) =>
      `<text x="60" y="${104 + 44 * index}" style="font-size:38px;font-family:Palatino,serif;fill:#1c1b19">${escaped(line)}</text>`,
  );
  // librsvg knows no variables in presentation: they are written out.
  const style = flattened(STANDALONE_STYLE);
  const chart = drawing
    ? `<g transform="translate(40 178) scale(${Math.min(1120 / drawing.width, 440 / drawing.height)})">${drawing.inner}</g>`
    : `<text x="60" y="330" style="font-size:40px">No result is committed yet.</text>`;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1200 630" width="1200" height="630"><style>${style}</style><rect width="1200" height="630" fill="#fbfaf7"/><text x="60" y="54" style="font-size:22px;fill:#55534e">Crossover: when does second-order optimization speed up training?</text>${lines.join("")}${chart}</svg>`;
  const image = await sharp(Buffer.from(svg)).png({ palette: true }).toBuffer();
  return new Response(new Uint8Array(image));
};

/** A title on one line, or on two of about the same length. */
function inTwo(title: string): string[] {
  if (title.length < 58) return [title];
  const middle = title.lastIndexOf(" ", title.length / 2 + 6);
  return [title.slice(0, middle), title.slice(middle + 1)];
}

/** The style sheet with its variables replaced; series colours become one rule per class. */
function flattened(css: string): string {
  const values = new Map(
    [...css.matchAll(/--([a-z0-9-]+):([^;}]+)/g)].map(([, name, value]) => [
      name as string,
      value as string,
    ]),
  );
  const variable = (name: string) => values.get(name) ?? "";
  const resolved = css
    .replace(/var\(--sans[^)]*\)\)?/g, "sans-serif")
    .replace(/var\(--(?!s\))([a-z0-9-]+)\)/g, (_, name: string) => variable(name));
  const classes = Array.from({ length: 9 }, (_, index) => {
    const colour = variable(`c${index}`);
    return `.c${index} .k,.c${index} .w{stroke:${colour}}.c${index} .m{fill:${colour}}.c${index} .m.o{fill:#fff;stroke:${colour}}.c${index} .b{fill:${colour}}.c${index} .r{stroke:${colour};fill:#fff}`;
  });
  return resolved.replace(/var\(--s\)/g, "#666") + classes.join("");
}
