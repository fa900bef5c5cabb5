import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Loopback } from "../testing/loopback.ts";
import { packed, registry } from "../testing/registry.ts";
import { checksumOf } from "./cache.ts";
import { loadGutenberg } from "./gutenberg.ts";
import { loadTextFile } from "./text-file.ts";

let directory: string;
let server: Loopback | undefined;
beforeEach(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), "crossover-texts-"));
});
afterEach(async () => {
  await server?.close();
  vi.unstubAllEnvs();
  fs.rmSync(directory, { recursive: true, force: true });
});

describe("loadGutenberg", () => {
  it("joins the books, Latin-1 and Windows line ends made plain", async () => {
    const books = new Map([
      ["gutenberg/a.txt", Buffer.from("one\r\ntwo\r\n", "latin1")],
      ["gutenberg/b.txt", Buffer.from("C\xe6sar\n", "latin1")],
    ]);
    server = await registry("made-books", await packed(directory, books));
    vi.stubEnv("npm_config_registry", server.url);
    const text = "one\ntwo\n\nCæsar\n";
    const bytes = Buffer.from(text);
    const places = {
      npm: { spec: "made-books@1.0.0", packedBytes: 100, files: [...books.keys()] },
      checksum: checksumOf([bytes]),
      bytes: bytes.length,
    };
    const cache = path.join(directory, "cache");
    expect(await loadGutenberg({ cache }, places)).toEqual({
      name: "Gutenberg",
      checksum: places.checksum,
      text,
    });
  });
});

describe("loadTextFile", () => {
  const file = () => path.join(directory, "novel.txt");

  it("reads UTF-8, line ends made plain", () => {
    fs.writeFileSync(file(), "naïve\r\ntext\n");
    expect(loadTextFile(file())).toMatchObject({ name: "novel.txt", text: "naïve\ntext\n" });
  });

  it("names the wrong byte of a file in another encoding, and the remedy", () => {
    fs.writeFileSync(file(), Buffer.from("na\xefve", "latin1"));
    expect(() => loadTextFile(file())).toThrow(/byte 0xef at position 2 .*\n.*iconv/);
  });

  it("refuses an empty or absent file", () => {
    expect(() => loadTextFile(file())).toThrow(/cannot be read \(ENOENT/);
    fs.writeFileSync(file(), "");
    expect(() => loadTextFile(file())).toThrow(/is empty/);
  });
});
