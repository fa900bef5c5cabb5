/** @file The image that links to the site carry: the crossover figure, 1200 × 630. */
import type { APIRoute } from "astro";
import sharp from "sharp";
import { curvesFigure } from "../figures/board-figures.ts";
import { drawingsOf } from "../figures/draw.ts";
import { STANDALONE_STYLE } from "../figures/svg-style.ts";
import { leadingBoard } from "../views/home.ts";

export const GET: APIRoute = async () => {
  const found = leadingBoard();
  const [drawing] = found ? drawingsOf(curvesFigure(found.slice).figure, 700) : [];
  // librsvg knows no variables in presentation: they are written out.
  const style = flattened(STANDALONE_STYLE);
  const chart = drawing
    ? `<g transform="translate(40 140) scale(${1120 / 700} ${450 / drawing.height})">${drawing.inner}</g>`
    : `<text x="60" y="330" style="font-size:40px">No result is committed yet.</text>`;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1200 630" width="1200" height="630"><style>${style}</style><rect width="1200" height="630" fill="#fbfaf7"/><text x="60" y="72" style="font-size:44px;font-family:Palatino,serif;fill:#1c1b19">Crossover</text><text x="60" y="116" style="font-size:26px;fill:#55534e">When does second-order optimization speed up training?</text>${chart}</svg>`;
  const image = await sharp(Buffer.from(svg)).png({ palette: true }).toBuffer();
  return new Response(new Uint8Array(image));
};

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
    return `.c${index} .k,.c${index} .w{stroke:${colour}}.c${index} .m{fill:${colour}}.c${index} .m.o{fill:#fff;stroke:${colour}}.b.c${index}{fill:${colour}}`;
  });
  return resolved.replace(/var\(--s\)/g, "#666") + classes.join("");
}
