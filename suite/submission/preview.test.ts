import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { buildPreview, copyPlain } from "./preview.ts";

const folder = mkdtempSync(join(tmpdir(), "crossover-copy-"));
afterAll(() => rmSync(folder, { recursive: true }));

it("a preview holds no links: they would be followed into the artifact", () => {
  mkdirSync(join(folder, "from/inner"), { recursive: true });
  writeFileSync(join(folder, "from/inner/page.html"), "page");
  symlinkSync("/etc/hostname", join(folder, "from/inner/link.html"));
  symlinkSync("/etc", join(folder, "from/etc"));
  copyPlain(join(folder, "from"), join(folder, "to"));
  expect(readdirSync(join(folder, "to"), { recursive: true }).sort()).toEqual([
    "inner",
    "inner/page.html",
  ]);
});

it("there is no preview where there is no site", async () => {
  const out = join(folder, "out");
  const request = { root: folder, optimizers: folder, results: new Map<string, string>(), out };
  expect(await buildPreview(request)).toBe(false);
  expect(existsSync(out)).toBe(false);
});
