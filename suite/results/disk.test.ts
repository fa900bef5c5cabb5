/** @file Disks that are full or read-only: real ones, small and in memory, so root is needed to mount them. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { syntheticFiles } from "../analysis/synthetic.ts";
import { readCheckpoint, writeCheckpoint } from "../train/checkpoint.ts";
import { tryLock } from "./lock.ts";
import type { CellFile, Trial } from "./schema.ts";
import { readCellFile, storeTrial } from "./store.ts";
import { StoreError } from "./store-error.ts";

/** A damped method's: over 64 kB. */
const file = syntheticFiles({ batchSizes: [64] }).find(
  ({ cell }) => cell.optimizer === "kfac",
) as CellFile;

const mount = (...words: string[]) => spawnSync("mount", words).status === 0;
const unmount = (folder: string) => spawnSync("umount", [folder]);

function canMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), "crossover-mount-"));
  const can = mount("-t", "tmpfs", "tmpfs", folder);
  if (can) unmount(folder);
  rmSync(folder, { recursive: true });
  return can;
}

describe.runIf(canMount())("a disk (run as root: it is mounted)", () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "crossover-disk-"));
    expect(mount("-t", "tmpfs", "-o", "size=64k", "tmpfs", root)).toBe(true);
  });
  afterEach(() => {
    unmount(root);
    rmSync(root, { recursive: true });
  });

  /** Stores trials until one does not fit. */
  function fill(): { path: string; stored: number; error: unknown } {
    let path = "";
    for (const [stored, trial] of file.trials.entries()) {
      try {
        path = storeTrial(root, file, trial);
      } catch (error) {
        return { path, stored, error };
      }
    }
    throw new Error("Everything fits on 64 kB.");
  }

  it("that is full loses nothing that was stored, and says what to do", () => {
    const { path, stored, error } = fill();
    expect(error).toBeInstanceOf(StoreError);
    expect(String(error)).toMatch(/\.json: could not be written \(ENOSPC.*The disk is full: free/);
    expect(stored).toBeGreaterThan(2);
    expect(readCellFile(path).trials).toHaveLength(stored);
    const left = readdirSync(root, { recursive: true, encoding: "utf8" });
    expect(left.filter((name) => /\.(tmp|lock)/.test(name))).toEqual([]);
    expect(mount("-o", "remount,size=256k", root)).toBe(true);
    storeTrial(root, file, file.trials[stored] as Trial);
    expect(readCellFile(path).trials).toHaveLength(stored + 1);
  });

  it("that is full keeps the last checkpoint", () => {
    const path = join(root, "trial.checkpoint");
    const saved = (length: number) => ({
      meta: { length },
      tensors: {
        w: { dtype: "float32", shape: [length], values: new Float32Array(length) } as const,
      },
    });
    writeCheckpoint(path, saved(8));
    expect(() => writeCheckpoint(path, saved(100_000))).toThrow(/The disk is full/);
    expect(readCheckpoint(path)?.meta).toEqual({ length: 8 });
    expect(readdirSync(root)).toEqual(["trial.checkpoint"]);
  });

  it("that is read-only is named, before anything is trained", () => {
    const path = storeTrial(root, file, file.trials[0] as Trial);
    const before = readFileSync(path, "utf8");
    expect(mount("-o", "remount,ro", root)).toBe(true);
    expect(() => tryLock(path)).toThrow(/\(EROFS.*The folder is read-only/);
    expect(() => tryLock(join(root, "new", "cell.json"))).toThrow(/is the disk read-only/);
    expect(() => storeTrial(root, file, file.trials[1] as Trial)).toThrow(/read-only/);
    expect(readFileSync(path, "utf8")).toBe(before);
  });
});
