import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { readStepTables, type StepTable, writeStepTable } from "./step-table.ts";

const flops = { forward: 2, backward: 4, curvature: 0, inverse: 0, precondition: 0, update: 1 };
const table: StepTable = {
  deviceClass: "made-cpu-t2",
  processor: "made",
  threads: 2,
  runtime: "made 1.0",
  measuredAt: "2026-01-01T00:00:00.000Z",
  commit: "abc",
  gemmGflops: 100,
  measurements: [
    {
      model: "MLP",
      batchSize: 32,
      optimizer: "sgd",
      variants: [{ refresh: "none", medianMs: 2, minimumMs: 1.5, timesSgd: 1, flops }],
      recompiles: 0,
      fallbacks: [],
    },
  ],
};

let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "crossover-steps-"));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

it("reads what it wrote; a folder that is not there has no tables", () => {
  writeStepTable(table, folder);
  expect(readStepTables(folder)).toEqual([table]);
  expect(readStepTables(join(folder, "none"))).toEqual([]);
});

it("names the file and the field that does not fit", () => {
  const file = writeStepTable(table, folder);
  writeFileSync(file, readFileSync(file, "utf8").replace('"gemmGflops": 100', '"gemmGflops": -1'));
  expect(() => readStepTables(folder)).toThrow(/steps\.made-cpu-t2\.json[\s\S]*gemmGflops/);
});
