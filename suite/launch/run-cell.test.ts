import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { sgd } from "../../optimizers/sgd.ts";
import { type DeviceReport, useBackend } from "../engine/index.ts";
import type { OptimizerDeclaration } from "../optimizer/declaration.ts";
import type { Configuration } from "../optimizer/search.ts";
import { type CellPlan, EXPLORE_ARM, trialCount } from "../protocol/plan.ts";
import { BOARD_ARM, GRID_SEEDS, type Trial } from "../results/schema.ts";
import { cellPath, readCellFile } from "../results/store.ts";
import { madeData } from "../train/made-data.ts";
import { sourceOf } from "./provenance.ts";
import { runCell } from "./run-cell.ts";
import { madeTask } from "./testing/made-task.ts";

const optimizer = sgd as unknown as OptimizerDeclaration;
const withRate = (learningRate: number) =>
  optimizer.hyperparameters.parse({ learningRate }) as Configuration;

let device: DeviceReport;
let folder: string;
beforeAll(async () => {
  device = await useBackend({ backend: "reference" });
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "crossover-cell-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const plan = (changes: Partial<CellPlan>): CellPlan => ({
  cell: { tier: "smoke", task: "made", optimizer: "sgd", batchSize: 16, datasetSize: 48 },
  arm: BOARD_ARM,
  configurations: [withRate(0.1)],
  reportSeeds: [1],
  diagnosticPoints: 0,
  ...changes,
});

async function run(given: CellPlan): Promise<{ trials: readonly Trial[]; reused: boolean[] }> {
  const reused: boolean[] = [];
  await runCell(given, {
    task: madeTask,
    optimizer,
    data: madeData(),
    device,
    source: sourceOf(),
    root: folder,
    scratch: join(folder, ".scratch"),
    onTrial: (_, known) => reused.push(known),
  });
  const file = join(folder, cellPath(given.cell, given.arm, device.deviceClass));
  return { trials: readCellFile(file).trials, reused };
}

describe("runCell", () => {
  it("tunes with seed 0, and reports the best with the other seeds", async () => {
    const configurations = [1e-6, 0.1].map(withRate);
    const { trials } = await run(plan({ configurations, reportSeeds: [1, 2] }));
    expect(trials.map(({ role, seed }) => [role, seed])).toEqual([
      ["tune", 0],
      ["tune", 0],
      ["report", 1],
      ["report", 2],
    ]);
    for (const { role, hyperparameters } of trials) {
      if (role === "report") expect(hyperparameters.learningRate).toBe(0.1);
    }
  });

  it("tunes with more seeds where they are given, the first seed's trials first", async () => {
    const configurations = [1e-6, 0.1].map(withRate);
    const given = plan({ configurations, tuneSeeds: GRID_SEEDS });
    const { trials } = await run(given);
    const tuned = trials.filter(({ role }) => role === "tune");
    expect(tuned.map(({ seed }) => seed)).toEqual([0, 0, 101, 101, 102, 102]);
    expect(trials).toHaveLength(trialCount(given));
  });

  it("copies what another arm has run, and runs what it lacks", async () => {
    const first = await run(plan({}));
    const second = await run(plan({ arm: "fig4", reportSeeds: [1, 2] }));
    expect(second.reused).toEqual([true, false]);
    expect(second.trials[0]).toEqual(first.trials[0]);
  });

  it("stops hopeless configurations where that was asked for, and takes none of them over", async () => {
    const rates = [0.1, 0.12, 0.14, 0.16, 0.18, 1e-6];
    const configurations = rates.map(withRate);
    const explored = await run(plan({ arm: EXPLORE_ARM, configurations, stopEarly: true }));
    const stopped = explored.trials.filter(({ status }) => status === "stopped-early");
    expect(stopped.map(({ hyperparameters }) => hyperparameters.learningRate)).toEqual([1e-6]);
    expect(stopped[0]?.reason).toMatch(/^hopeless at step \d+/);
    expect(stopped[0]?.cost.steps).toBeLessThan(30);
    const board = await run(plan({ configurations }));
    expect(board.reused.filter((known) => !known)).toHaveLength(1);
    expect(board.trials.every(({ status }) => status === "finished")).toBe(true);
  });
});
