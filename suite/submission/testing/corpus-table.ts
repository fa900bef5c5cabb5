/**
 * @file The corpus as the table in CONTRIBUTING.md: `npx tsx suite/submission/testing/corpus-table.ts`
 * writes it anew; a test compares.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { HostileCase } from "./hostile.ts";
import { ARTIFACTS } from "./hostile-artifacts.ts";
import { CODE } from "./hostile-code.ts";
import { DIFFERENCES } from "./hostile-differences.ts";
import { RESULTS } from "./hostile-results.ts";

export const CORPUS: readonly HostileCase[] = [...DIFFERENCES, ...RESULTS, ...CODE, ...ARTIFACTS];

const FILE = fileURLToPath(new URL("../../../CONTRIBUTING.md", import.meta.url));
const BEGIN = "<!-- corpus: written by suite/submission/testing/corpus-table.ts -->";
const END = "<!-- end of corpus -->";

export function corpusTable(): string {
  const rows = CORPUS.map(
    ({ tried, door, outcome }, i) =>
      `| ${`${i + 1}`} | ${tried.replaceAll("|", "\\|")} | ${door} | ${outcome} |`,
  );
  return ["| | what is tried | stopped at | outcome |", "| --- | --- | --- | --- |", ...rows].join(
    "\n",
  );
}

/** What CONTRIBUTING.md says between its marks; undefined without them. */
export function writtenTable(text = readFileSync(FILE, "utf8")): string | undefined {
  return text.split(BEGIN)[1]?.split(END)[0]?.trim();
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const text = readFileSync(FILE, "utf8");
  const [before, rest] = text.split(BEGIN) as [string, string];
  writeFileSync(FILE, `${before}${BEGIN}\n\n${corpusTable()}\n\n${END}${rest.split(END)[1]}`);
}
