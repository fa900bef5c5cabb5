import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { tryLock } from "./lock.ts";

describe("tryLock", () => {
  let file: string;
  beforeEach(() => {
    file = join(mkdtempSync(join(tmpdir(), "crossover-lock-")), "deep", "cell.json");
  });
  afterEach(() => rmSync(join(file, "../.."), { recursive: true }));

  it("lets one holder in, names it to the next, and leaves nothing behind", () => {
    const first = tryLock(file);
    expect(tryLock(file)).toEqual({ heldBy: `process ${process.pid} on ${hostname()}` });
    if ("release" in first) first.release();
    expect(existsSync(`${file}.lock`)).toBe(false);
    const again = tryLock(file);
    expect(again).toHaveProperty("release");
  });

  it("takes over the lock of a process that is gone", () => {
    const { pid } = spawnSync("true");
    const first = tryLock(file);
    expect(first).toHaveProperty("release");
    writeFileSync(`${file}.lock`, JSON.stringify({ host: hostname(), pid, started: "1" }));
    expect(tryLock(file)).toHaveProperty("release");
  });

  it("is not fooled by a later process of the same number", () => {
    tryLock(file);
    const reused = { host: hostname(), pid: process.pid, started: "1" };
    writeFileSync(`${file}.lock`, JSON.stringify(reused));
    expect(tryLock(file)).toHaveProperty("release");
  });

  it("takes over what is not a lock, and keeps off another machine's", () => {
    tryLock(file);
    writeFileSync(`${file}.lock`, "");
    expect(tryLock(file)).toHaveProperty("release");
    writeFileSync(`${file}.lock`, JSON.stringify({ host: "elsewhere", pid: 1, started: "" }));
    expect(tryLock(file)).toEqual({ heldBy: "process 1 on elsewhere" });
  });
});
