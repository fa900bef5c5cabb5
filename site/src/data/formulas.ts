/** @file TeX to MathML at build time: no font and no script is needed to read a rule. */
import katex from "katex";
import { type Html, raw } from "../html.ts";

const cache = new Map<string, Html>();

/** @throws Error naming the TeX that cannot be parsed. */
export function formula(tex: string, display = false): Html {
  const key = `${display} ${tex}`;
  const known =
    cache.get(key) ?? raw(katex.renderToString(tex, { output: "mathml", displayMode: display }));
  cache.set(key, known);
  return known;
}
