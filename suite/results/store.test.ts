import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { syntheticFiles } from "../analysis/synthetic.ts";
import type { CellFile, Trial } from "./schema.ts";
import { cellPath, listCellFiles, readCellFile, storeTrial, writeCellFile } from "./store.ts";
import { StoreError } from "./store-error.ts";

const [file] = syntheticFiles({ batchSizes: [64] }) as [CellFile];
const [first, second] = file.trials as [Trial, Trial];

describe("the store", () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "crossover-store-"));
  });
  afterEach(() => rmSync(root, { recursive: true }));
  const path = () => join(root, cellPath(file.cell, file.arm, file.device.class));

  it("adds trials one by one, each once, in one order whatever the order of arrival", () => {
    for (const trial of [second, first, second]) storeTrial(root, file, trial);
    const forwards = readFileSync(path(), "utf8");
    rmSync(path());
    for (const trial of [first, second]) storeTrial(root, file, trial);
    expect(readFileSync(path(), "utf8")).toBe(forwards);
    expect(readCellFile(path()).trials).toHaveLength(2);
  });

  it("writes what it read, byte for byte", () => {
    writeCellFile(path(), file);
    const before = readFileSync(path(), "utf8");
    writeCellFile(path(), readCellFile(path()));
    expect(readFileSync(path(), "utf8")).toBe(before);
  });

  it("leaves no temporary file, and lists only cells", () => {
    storeTrial(root, file, first);
    expect(readdirSync(dirname(path()))).toHaveLength(1);
    writeFileSync(join(root, "README.md"), "not a cell");
    expect(listCellFiles(root)).toEqual([path()]);
  });

  it("refuses a file over the limit and keeps the old one", () => {
    storeTrial(root, file, first);
    const trials = Array.from({ length: 1000 }, () => first);
    expect(() => writeCellFile(path(), { ...file, trials })).toThrow(/at most 1048576/);
    expect(readCellFile(path()).trials).toHaveLength(1);
  });

  it("names file and field of what it cannot read", () => {
    expect(() => readCellFile(join(root, "absent.json"))).toThrow(StoreError);
    const broken = join(root, "broken.json");
    writeFileSync(broken, '{"schemaVersion": 1, "cell"');
    expect(() => readCellFile(broken)).toThrow(/broken\.json: not a JSON file/);
    writeFileSync(broken, '{"schemaVersion": 2}');
    expect(() => readCellFile(broken)).toThrow(/broken\.json: schemaVersion/);
    expect(existsSync(broken)).toBe(true);
  });
});
