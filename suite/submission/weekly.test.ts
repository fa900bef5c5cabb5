import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { cellPath, writeCellFile } from "../results/store.ts";
import type { Loopback } from "./testing/loopback-github.ts";
import { schemaOf, schemaProblem } from "./testing/loopback-github.ts";
import { hastyClient, madeWorld, serve } from "./testing/made-github.ts";
import { madeFile } from "./testing/made-result.ts";
import { sample } from "./testing/sample.ts";
import { pickTrial, reportWeekly } from "./weekly.ts";

const where = { owner: "o", repo: "r" };
const address = "results/mini/a.json#0123456789abcdef";
let folder: string;
let github: Loopback | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "crossover-weekly-"));
});
afterEach(async () => {
  rmSync(folder, { recursive: true });
  expect(github?.problems ?? []).toEqual([]);
  await github?.close();
  github = undefined;
});

const comparison = (change: object) => {
  const file = join(folder, "comparison.json");
  const base = { sameBits: false, withinTolerance: false, tolerance: 0.01, metric: "testAccuracy" };
  writeFileSync(file, JSON.stringify({ ...base, recorded: 0.9, now: 0.5, ...change }));
  return file;
};

describe("the weekly rerun", () => {
  it("picks a committed trial that fits, or none", () => {
    expect(pickTrial(folder, 1e9)).toBeUndefined();
    const path = join(folder, cellPath(madeFile.cell, madeFile.arm, madeFile.device.class));
    writeCellFile(path, madeFile);
    const [file, key] = pickTrial(folder, 1e9)?.split("#") ?? [];
    expect(file).toBe(path);
    expect(madeFile.trials.map((trial) => trial.key)).toContain(key);
    expect(pickTrial(folder, 0)).toBeUndefined();
  });

  it("opens one issue when a number differs, however often it does", async () => {
    const world = madeWorld(undefined);
    github = await serve(world);
    const client = hastyClient(github.url);
    expect(await reportWeekly(client, where, address, comparison({}))).toContain("issue opened");
    expect(await reportWeekly(client, where, address, comparison({}))).toContain("open already");
    expect(world.issues).toHaveLength(1);
    expect(world.issues[0]?.body).toContain(
      "npm run reproduce -- results/mini/a.json#0123456789abcdef",
    );
  });

  it("says nothing on GitHub when it holds", async () => {
    const world = madeWorld(undefined);
    github = await serve(world);
    const client = hastyClient(github.url);
    const said = await reportWeekly(client, where, address, comparison({ sameBits: true }));
    expect(said).toContain("same bits");
    expect(github.calls).toEqual([]);
  });
});

describe("GitHub's description", () => {
  it("tells an answer from a wish", () => {
    const comment = sample("issue-comment");
    expect(schemaProblem(schemaOf("issue-comment"), comment)).toBeUndefined();
    const { body_html: _, created_at: __, ...less } = comment;
    expect(schemaProblem(schemaOf("issue-comment"), less)).toContain("created_at");
    expect(schemaProblem(schemaOf("issue-comment"), { ...comment, id: "1" })).toContain("id");
  });
});
