import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { syntheticFiles } from "../analysis/synthetic.ts";
import type { CellFile, Trial } from "../results/schema.ts";
import { cellPath, writeCellFile } from "../results/store.ts";
import { knownStepTimes, timesOfTrials } from "./recorded-times.ts";

const [made] = syntheticFiles({ batchSizes: [64] }) as [CellFile];
const { datasetSize } = made.cell;

/** Every trial takes so many seconds a step, 2 in all evaluations, 3 to compile. */
function taking(stepSeconds: number, change: Partial<Trial> = {}, size = datasetSize): CellFile {
  const trials = made.trials.map((trial) => ({
    ...trial,
    ...change,
    status: change.status ?? "finished",
    cost: {
      ...trial.cost,
      steps: 10,
      seconds: { train: 10 * stepSeconds, evaluate: 2, compile: 3, data: 0 },
    },
  }));
  return { ...made, cell: { ...made.cell, datasetSize: size }, trials };
}

const entriesOf = (...files: CellFile[]) => timesOfTrials(files).flatMap(({ entries }) => entries);

it("makes one entry of a batch size, from the largest dataset", () => {
  const entries = entriesOf(taking(9, {}, datasetSize / 2), taking(0.5), taking(8, {}, 10));
  expect(entries).toHaveLength(1);
  expect(entries[0]).toMatchObject({ batchSize: 64, stepSeconds: 0.5, compileSeconds: 3 });
  const { evaluationSeconds = 0 } = entries[0] ?? {};
  const points = made.trials[0]?.evaluations.step.length as number;
  expect(evaluationSeconds * points).toBeCloseTo(2);
});

it("learns nothing from trials that ended early or recorded diagnostics", () => {
  const diagnostics = { criterion: { step: [1], series: { all: [1] } } };
  expect(entriesOf(taking(9, { status: "diverged" }), taking(9, { diagnostics }))).toEqual([]);
  expect(entriesOf(taking(9, { diagnostics }), taking(0.5))).toMatchObject([{ stepSeconds: 0.5 }]);
});

it("reads a folder, without what cannot be read, and none where there is none", () => {
  const root = mkdtempSync(join(tmpdir(), "crossover-times-"));
  const absent = join(root, "absent");
  const known = knownStepTimes([absent]).length;
  writeCellFile(join(root, cellPath(made.cell, made.arm, made.device.class)), taking(0.5));
  writeFileSync(join(root, "torn.json"), "{");
  expect(knownStepTimes([root, absent])).toHaveLength(known + 1);
  rmSync(root, { recursive: true });
});
