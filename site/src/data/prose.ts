/**
 * @file Prose that stands beside the results: `results/FINDINGS.md`, and `results/notes/<study>.md`.
 * Addresses that begin with a slash are pages of this site.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { createMarkdownProcessor } from "@astrojs/markdown-remark";
import { type Html, raw } from "../html.ts";
import { link } from "./links.ts";
import { RESULTS_ROOT } from "./results.ts";

const markdown = await createMarkdownProcessor({ syntaxHighlight: false, smartypants: false });

async function proseOf(path: string): Promise<Html | null> {
  if (!existsSync(path)) return null;
  const { code } = await markdown.render(readFileSync(path, "utf8"));
  return raw(
    code
      .replace(/(href|src)="(\/[^"]*)"/g, (_, key: string, to: string) => `${key}="${link(to)}"`)
      .replace(
        /<table>/g,
        '<div class="scroll" role="region" aria-label="Table" tabindex="0"><table>',
      )
      .replace(/<\/table>/g, "</table></div>")
      .replace(/<pre>/g, '<pre tabindex="0">'),
  );
}

/** The findings, written by people from the boards; null until there are any. */
export const FINDINGS = await proseOf(join(RESULTS_ROOT, "FINDINGS.md"));

const NOTES = join(RESULTS_ROOT, "notes");
const notes = new Map(
  await Promise.all(
    (existsSync(NOTES) ? readdirSync(NOTES) : [])
      .filter((file) => file.endsWith(".md"))
      .map(async (file) => [basename(file, ".md"), await proseOf(join(NOTES, file))] as const),
  ),
);

/** What must be known of a study: how it was calibrated, what is odd about it. */
export const noteOf = (study: string): Html | null => notes.get(study) ?? null;
