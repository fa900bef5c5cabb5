/**
 * @file The site's build. `CROSSOVER_RESULTS` names another folder of results. On GitHub Actions the
 * address and the base path follow from the repository; elsewhere from `CROSSOVER_SITE` and
 * `CROSSOVER_BASE`.
 */
import { fileURLToPath } from "node:url";
import { defineConfig } from "astro/config";

const repository = process.env.GITHUB_REPOSITORY?.split("/");
process.env.CROSSOVER_RESULTS ??= fileURLToPath(new URL("../results", import.meta.url));

export default defineConfig({
  site:
    process.env.CROSSOVER_SITE ??
    (repository ? `https://${repository[0]}.github.io` : "http://localhost:4321"),
  base: process.env.CROSSOVER_BASE ?? (repository ? `/${repository[1]}` : "/"),
  outDir: process.env.CROSSOVER_OUT ?? "./dist",
  trailingSlash: "always",
  devToolbar: { enabled: false },
  build: { inlineStylesheets: "never", concurrency: 2 },
  vite: {
    server: { fs: { allow: [".."] } },
    build: { chunkSizeWarningLimit: 2000 },
    worker: { format: "es" },
  },
});
