/** @file Result files of a submission, checked as data: nothing of the submission runs here. */
import { groupBy } from "../analysis/statistics.ts";
import { commandOf } from "../launch/command.ts";
import type { Configuration } from "../optimizer/search.ts";
import { canonicalJson } from "../results/canonical.ts";
import { type CellFile, storedFileSchema, type Trial } from "../results/schema.ts";
import { type Knowledge, validateText } from "../results/validate.ts";
import { type Finding, note, refused } from "./refusal.ts";

/** Findings that are listed per file: a file with one wrong field often has a thousand. */
const MAX_FINDINGS = 5;

export interface ResultContext {
  readonly knowledge: Knowledge;
  /** The pull request changes this optimizer's own file, so its old trials may go. */
  readonly mayReplace: boolean;
  /** `https://github.com/OWNER/NAME`: where runs of the sweep workflow are. */
  readonly repository: string;
}

export interface CheckedResult {
  readonly path: string;
  readonly findings: readonly Finding[];
  /** Present when nothing was refused. */
  readonly file?: CellFile;
  /** Trials that the base does not have. */
  readonly added: readonly Trial[];
}

/**
 * Checks one changed result file.
 *
 * @param path below the repository, `results/…`
 * @param text after the change; undefined where it was deleted
 * @param before in the base; undefined where it is new
 */
export function checkResult(
  path: string,
  text: string | undefined,
  before: string | undefined,
  context: ResultContext,
): CheckedResult {
  const refuse = (findings: readonly Finding[]): CheckedResult => ({ path, findings, added: [] });
  if (text === undefined) {
    if (context.mayReplace) return refuse([note("removed results", path, "the file is removed")]);
    return refuse([refused("removed results", path, "results are removed by maintainers only")]);
  }
  const invalid = validateText(path, text, context.knowledge, path.replace(/^results\//, ""));
  if (invalid.length > 0) {
    const more = invalid.length - MAX_FINDINGS;
    return refuse([
      ...invalid
        .slice(0, MAX_FINDINGS)
        .map(({ field, message }) =>
          refused("invalid result", path, `${field === "" ? "" : `${field}: `}${message}`),
        ),
      ...(more > 0 ? [refused("invalid result", path, `and ${more} findings more`)] : []),
    ]);
  }
  const stored = storedFileSchema.parse(JSON.parse(text));
  // Twice the same key, other spacing, keys the schema dropped: a file is what the suite writes.
  if (text !== `${canonicalJson(stored)}\n`) {
    const message = "not as the suite writes it: do not edit result files, run the suite again";
    return refuse([refused("edited by hand", path, message)]);
  }
  const { digest: _, ...file } = stored;
  const old = before === undefined ? [] : trialsOf(before);
  const findings = [
    ...historyFindings(path, old, file, context.mayReplace),
    ...onePerRule(file.trials.flatMap((trial) => trialFindings(path, file, trial, context))),
  ];
  const known = new Set(old.map(({ key }) => key));
  if (findings.some(({ level }) => level === "refused")) return refuse(findings);
  return { path, findings, file, added: file.trials.filter(({ key }) => !known.has(key)) };
}

const trialsOf = (text: string): readonly Trial[] =>
  storedFileSchema.parse(JSON.parse(text)).trials;

/** What the base has stays as it is, unless the optimizer itself changed. */
function historyFindings(
  path: string,
  old: readonly Trial[],
  file: CellFile,
  mayReplace: boolean,
): Finding[] {
  const now = new Map(file.trials.map((trial) => [trial.key, JSON.stringify(trial)]));
  const gone = old.filter(({ key }) => !now.has(key)).length;
  const changed = old.filter(
    (trial) => now.has(trial.key) && now.get(trial.key) !== JSON.stringify(trial),
  );
  const findings: Finding[] = [];
  if (changed.length > 0) {
    const message = `${changed.length} committed trials have other content under the same key`;
    findings.push(refused("changed results", path, message));
  }
  if (gone > 0) {
    const message = `${gone} committed trials are missing; results are added, not replaced`;
    findings.push((mayReplace ? note : refused)("removed results", path, message));
  }
  return findings;
}

/** A file has a hundred trials, and mostly all of them or none have a finding. */
function onePerRule(findings: readonly Finding[]): Finding[] {
  return [...groupBy(findings, ({ rule }) => rule).values()].map((group) => {
    const [first] = group as [Finding];
    const more = group.length - 1;
    return more === 0 ? first : { ...first, message: `${first.message} (and ${more} more trials)` };
  });
}

/** Commands and addresses are copied and followed by people: they are exactly what we would write. */
function trialFindings(
  path: string,
  { cell, device }: CellFile,
  { hyperparameters, seed, provenance, key }: Trial,
  { repository }: ResultContext,
): Finding[] {
  const findings: Finding[] = [];
  const command = commandOf(cell, hyperparameters as Configuration, seed, device);
  if (provenance.command !== command) {
    const message = `trial ${key}: provenance.command is not the command of this trial`;
    findings.push(refused("forged command", path, message));
  }
  const { runUrl, commit, dirty } = provenance;
  if (
    runUrl !== undefined &&
    !new RegExp(`^${escaped(repository)}/actions/runs/[0-9]+$`).test(runUrl)
  ) {
    const message = `trial ${key}: provenance.runUrl is no run of this repository`;
    findings.push(refused("forged run", path, message));
  }
  if (commit === "unknown") {
    const message = `trial ${key}: made outside a git checkout, so nobody can make it again`;
    findings.push(refused("no commit", path, message));
  }
  if (dirty) {
    const message = `trial ${key}: uncommitted changes when it ran; commit, then run, is better`;
    findings.push(note("uncommitted changes", path, message));
  }
  return findings;
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
