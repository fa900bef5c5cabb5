/** @file The site built from given results into a temporary folder, served, with a browser. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Browser, chromium } from "playwright-core";
import { type Served, serveFolder } from "./serve.ts";

export const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";

/** Why pages cannot be tested here, or undefined. */
export const NO_BROWSER = existsSync(CHROMIUM)
  ? undefined
  : `no browser at ${CHROMIUM}: apt-get install chromium, or name one in CHROMIUM`;

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const ASTRO = fileURLToPath(new URL("../../node_modules/astro/astro.js", import.meta.url));

/** Under a base path, as on GitHub Pages. */
const BASE = "/crossover";

export interface BuiltSite extends Served {
  readonly folder: string;
}

/** @param makeResults fills an empty folder with result files. */
export async function buildSite(makeResults: (folder: string) => void): Promise<BuiltSite> {
  const folder = mkdtempSync(join(tmpdir(), "crossover-site-"));
  const results = join(folder, "results");
  const out = join(folder, "dist");
  makeResults(results);
  // The test runner's own BASE_URL, MODE and the like would become the site's.
  const { PATH = "", HOME = "" } = process.env;
  const env = {
    PATH,
    HOME,
    CROSSOVER_RESULTS: results,
    CROSSOVER_OUT: out,
    CROSSOVER_BASE: BASE,
    ASTRO_TELEMETRY_DISABLED: "1",
  };
  execFileSync(process.execPath, [ASTRO, "build", "--root", ROOT, "--silent"], {
    env,
    stdio: "pipe",
  });
  const served = await serveFolder(out, BASE);
  return {
    ...served,
    folder: out,
    close: () => {
      served.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export function openBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: CHROMIUM,
    args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
  });
}
