/**
 * @file Kills a running sweep, and a merge of collected results, at random moments: nothing finished
 * is lost, nothing half-written is left, and the end equals an uninterrupted run.
 * `npm run test:chaos -- 1000` kills more often.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stream } from "../data/prng.ts";
import type { CellFile, Trial } from "../results/schema.ts";
import { listCellFiles, readCellFile } from "../results/store.ts";

const KILLS = Number(process.env.CROSSOVER_KILLS ?? 25);
/** Past "ready"; an uninterrupted sweep takes a few seconds. */
const LONGEST_MS = 1500;
const SWEEP = fileURLToPath(new URL("./testing/sweep.ts", import.meta.url));
const MERGE = fileURLToPath(new URL("./testing/merge.ts", import.meta.url));

/** Runs a script, killed `after` milliseconds past its "ready" unless undefined. */
async function run(script: string, words: string[], after?: number): Promise<"done" | "killed"> {
  const child = spawn(process.execPath, ["--import", "tsx", script, ...words], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.on("data", (part: Buffer) => {
    const wasReady = output.includes("ready");
    output += part.toString();
    if (after !== undefined && !wasReady && output.includes("ready")) {
      setTimeout(() => child.kill("SIGKILL"), after);
    }
  });
  const [code, signal] = await once(child, "exit");
  if (signal === "SIGKILL") return "killed";
  expect(code).toBe(0);
  return "done";
}

/** What does not depend on when and how fast it ran. */
function essence(root: string): unknown[] {
  const timeless = ({ cost, provenance, evaluations, ...trial }: Trial) => ({
    ...trial,
    evaluations: { ...evaluations, seconds: [] },
    cost: { ...cost, seconds: {} },
    dataset: provenance.dataset,
  });
  return listCellFiles(root)
    .map(readCellFile)
    .map(({ trials, ...cell }: CellFile) => ({ ...cell, trials: trials.map(timeless) }));
}

const keysOf = (root: string): string[] =>
  listCellFiles(root).flatMap((file) => readCellFile(file).trials.map(({ key }) => key));

function leftovers(root: string): string[] {
  return readdirSync(root, { recursive: true, encoding: "utf8" }).filter((name) =>
    /\.(tmp|lock)$/.test(name),
  );
}

describe("killed at random moments", () => {
  const folder = mkdtempSync(join(tmpdir(), "crossover-chaos-"));
  const whole = join(folder, "whole");
  beforeAll(async () => {
    await run(SWEEP, [whole, join(folder, "scratch-whole")]);
  }, 120_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it(
    `a sweep killed ${KILLS} times ends as one never killed`,
    async () => {
      const random = stream(KILLS, "chaos");
      let kills = 0;
      for (let sweep = 0; kills < KILLS; sweep++) {
        const root = join(folder, `killed-${sweep}`);
        let finished = new Set<string>();
        for (;;) {
          const end = await run(
            SWEEP,
            [root, join(folder, "scratch")],
            kills < KILLS ? random.float() * LONGEST_MS : undefined,
          );
          const now = new Set(readdirSync(folder).includes(`killed-${sweep}`) ? keysOf(root) : []);
          for (const key of finished) expect(now).toContain(key);
          finished = now;
          if (end === "done") break;
          kills++;
        }
        expect(essence(root)).toEqual(essence(whole));
        expect(leftovers(root).filter((name) => name.endsWith(".lock"))).toEqual([]);
        rmSync(root, { recursive: true });
      }
    },
    60_000 + 20_000 * KILLS,
  );

  it("a merge killed in between is finished by the next one", async () => {
    const random = stream(2, "chaos");
    const root = join(folder, "merged");
    for (let kill = 0; kill < 5; kill++) await run(MERGE, [whole, root], random.float() * 30);
    await run(MERGE, [whole, root]);
    expect(essence(root)).toEqual(essence(whole));
    for (const file of listCellFiles(root)) {
      expect(readFileSync(file, "utf8")).toBe(readFileSync(file.replace(root, whole), "utf8"));
    }
  }, 120_000);
});
