import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { cacheDirectory, cachedEntry, checksumOf, readCached, writeCached } from "./cache.ts";

let directory: string;
beforeEach(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), "crossover-cache-"));
});
afterEach(() => {
  vi.restoreAllMocks();
  fs.rmSync(directory, { recursive: true, force: true });
});

const arrays = [Uint8Array.of(1, 2, 3), Uint8Array.of(), Uint8Array.of(4, 5)];
const entry = {
  name: "made",
  checksum: checksumOf(arrays),
  arrays: [
    { name: "a", bytes: 3 },
    { name: "b", bytes: 0 },
    { name: "c", bytes: 2 },
  ],
};
const file = (name: string) => path.join(directory, name);
const write = () => writeCached(directory, entry, { arrays, source: "a test" });

describe("cacheDirectory", () => {
  it("is what CROSSOVER_CACHE says, else a folder in the user's cache", () => {
    expect(cacheDirectory({ CROSSOVER_CACHE: "/a/b", XDG_CACHE_HOME: "/c" })).toBe("/a/b");
    expect(cacheDirectory({ XDG_CACHE_HOME: "/c" })).toBe("/c/crossover");
    expect(cacheDirectory({})).toBe(path.join(os.homedir(), ".cache", "crossover"));
  });
});

describe("the cache", () => {
  it("returns what was written, and leaves nothing else", () => {
    write();
    expect(readCached(directory, entry)?.map((array) => [...array])).toEqual([
      [1, 2, 3],
      [],
      [4, 5],
    ]);
    expect(cachedEntry(directory, "made")).toEqual(entry);
    expect(fs.readdirSync(directory).sort()).toEqual(["made.bin", "made.json"]);
  });

  it("has nothing of a name that was not written", () => {
    expect(readCached(directory, entry)).toBeUndefined();
    expect(cachedEntry(directory, "made")).toBeUndefined();
    expect(readCached(file("no such directory"), entry)).toBeUndefined();
  });

  it.each([
    ["cut", () => fs.truncateSync(file("made.bin"), 4)],
    ["altered", () => fs.writeFileSync(file("made.bin"), Uint8Array.of(1, 2, 3, 4, 6))],
    ["longer", () => fs.appendFileSync(file("made.bin"), "x")],
    ["described by broken JSON", () => fs.writeFileSync(file("made.json"), "{")],
    ["of another format", () => fs.writeFileSync(file("made.json"), '{"format":2}')],
  ])("removes a file that is %s", (_, damage) => {
    write();
    damage();
    expect(readCached(directory, entry)).toBeUndefined();
    expect(fs.readdirSync(directory)).toEqual([]);
  });

  it("does not count arrays without their description", () => {
    write();
    fs.rmSync(file("made.json"));
    expect(readCached(directory, entry)).toBeUndefined();
    expect(cachedEntry(directory, "made")).toBeUndefined();
  });

  it.each(["ENOSPC", "EDQUOT"])("says that the disk is full (%s), and leaves nothing", (code) => {
    vi.spyOn(fs, "writeSync").mockImplementation(() => {
      throw Object.assign(new Error(code), { code });
    });
    expect(write).toThrow(/The disk is full: .*made.bin/);
    expect(fs.readdirSync(directory)).toEqual([]);
  });

  it("leaves nothing when the disk fills up at the very end", () => {
    const rename = fs.renameSync;
    vi.spyOn(fs, "renameSync").mockImplementation((from, to) => {
      if (String(to).endsWith(".json")) throw Object.assign(new Error("full"), { code: "ENOSPC" });
      rename(from, to);
    });
    expect(write).toThrow(/disk is full/);
    expect(fs.readdirSync(directory)).toEqual([]);
  });

  it.each(["EROFS", "EACCES"])("says that it cannot be written (%s), and what to do", (code) => {
    vi.spyOn(fs, "openSync").mockImplementation(() => {
      throw Object.assign(new Error(code), { code });
    });
    expect(write).toThrow(
      new RegExp(`cannot be used: .*made.bin \\(${code}\\).*\\nSet CROSSOVER_CACHE`),
    );
  });

  it("says that its path is no directory", () => {
    fs.writeFileSync(file("plain"), "");
    expect(() => writeCached(file("plain"), entry, { arrays, source: "a test" })).toThrow(
      /cannot be used: .*plain \(EEXIST\)/,
    );
  });
});
