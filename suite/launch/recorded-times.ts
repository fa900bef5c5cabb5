/** @file What recorded trials took, as step times: no measurement is nearer to a trial than a trial. */
import { existsSync } from "node:fs";
import { groupBy, median } from "../analysis/statistics.ts";
import type { CellFile, Trial } from "../results/schema.ts";
import { listCellFiles, readCellFile } from "../results/store.ts";
import { readStepTimes, type StepTime, type StepTimes } from "./step-times.ts";

/**
 * Tables that were measured on purpose, and the trials in these folders. Not for dividing a plan into
 * parts: every job must find the same parts, whatever its neighbours have recorded by then.
 */
export function knownStepTimes(folders: readonly string[]): StepTimes[] {
  const files = folders.filter((folder) => existsSync(folder)).flatMap(listCellFiles);
  return [...readStepTimes(), ...timesOfTrials(files.flatMap(readable))];
}

/** `validate` says what is wrong with a file that cannot be read; an estimate does without it. */
function readable(file: string): CellFile[] {
  try {
    return [readCellFile(file)];
  } catch {
    return [];
  }
}

/** One table per device class, with one entry per task, tier, optimizer and batch size. */
export function timesOfTrials(files: readonly CellFile[]): StepTimes[] {
  return [...groupBy(files, ({ device }) => device.class)].map(([deviceClass, group]) => ({
    deviceClass,
    measuredAt: group.map(newest).sort().at(-1) ?? "",
    commit: group[0]?.trials[0]?.provenance.commit ?? "unknown",
    entries: [...groupBy(group, nameOf).values()].flatMap(entryOf),
  }));
}

const newest = ({ trials }: CellFile) =>
  trials.reduce((last, { provenance: { startedAt } }) => (startedAt > last ? startedAt : last), "");

const nameOf = ({ cell: { task, tier, optimizer, batchSize } }: CellFile) =>
  `${tier} ${task} ${optimizer} ${batchSize}`;

/** Of the largest dataset; a trial that did not finish does not say what one takes. */
function entryOf(files: readonly CellFile[]): StepTime[] {
  const [first, ...others] = files
    .map(({ cell, trials }) => ({ cell, done: trials.filter(isTypical) }))
    .filter(({ done }) => done.length > 0)
    .sort((a, b) => b.cell.datasetSize - a.cell.datasetSize);
  if (!first) return [];
  const { task, tier, optimizer, batchSize, datasetSize } = first.cell;
  const done = [first, ...others.filter(({ cell }) => cell.datasetSize === datasetSize)].flatMap(
    (one) => one.done,
  );
  const perStep = done.map(({ cost }) => cost.seconds.train / cost.steps);
  const each = (of: (trial: Trial) => number) => median(done.map(of));
  return [
    {
      task,
      tier,
      optimizer,
      batchSize,
      stepSeconds: median(perStep),
      fastestStepSeconds: Math.min(...perStep),
      evaluationSeconds: each(
        ({ cost, evaluations }) => cost.seconds.evaluate / Math.max(1, evaluations.step.length),
      ),
      finalSeconds: 0,
      compileSeconds: each(({ cost }) => cost.seconds.compile),
    },
  ];
}

/** Diagnostics cost steps of their own. */
const isTypical = ({ status, cost, diagnostics }: Trial) =>
  status === "finished" && cost.steps > 0 && diagnostics === undefined;
