/** @file The committed result files, read once per build. */
import { execFileSync } from "node:child_process";
import type { CellFile } from "../../../suite/results/schema.ts";
import { listCellFiles, readCellFile } from "../../../suite/results/store.ts";

/** Set by the configuration of the build. */
export const RESULTS_ROOT = process.env.CROSSOVER_RESULTS ?? "results";

let files: readonly CellFile[] | undefined;

/** Every cell file; a file that cannot be read stops the build and names its field. */
export function allFiles(): readonly CellFile[] {
  files ??= listCellFiles(RESULTS_ROOT).map(readCellFile);
  return files;
}

export interface Sources {
  /** Day of the newest trial, or null without one. */
  readonly date: string | null;
  /** Commits that the trials ran at, newest first. */
  readonly commits: readonly string[];
  readonly trials: number;
  readonly devices: readonly string[];
}

/** When, at which commits and on which devices these files were made. */
export function sourcesOf(of: readonly CellFile[]): Sources {
  const newest = new Map<string, string>();
  let trials = 0;
  for (const file of of) {
    for (const { provenance } of file.trials) {
      trials++;
      const known = newest.get(provenance.commit) ?? "";
      if (provenance.startedAt > known) newest.set(provenance.commit, provenance.startedAt);
    }
  }
  const commits = [...newest].sort(([, a], [, b]) => (a < b ? 1 : -1));
  return {
    date: commits[0]?.[1].slice(0, 10) ?? null,
    commits: commits.map(([commit]) => commit),
    trials,
    devices: [...new Set(of.map(({ device }) => device.class))].sort(),
  };
}

const answered = new Map<string, string | null>();

/** What git says, asked once per build; null outside a repository. */
export function git(...args: readonly string[]): string | null {
  const question = args.join(" ");
  const known = answered.get(question);
  if (known !== undefined) return known;
  const reply = ask(args);
  answered.set(question, reply);
  return reply;
}

function ask(args: readonly string[]): string | null {
  try {
    const stdio = ["ignore", "pipe", "ignore"] as const;
    return execFileSync("git", args, { encoding: "utf8", stdio: [...stdio] }).trim() || null;
  } catch {
    return null;
  }
}
