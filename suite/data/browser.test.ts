import { build } from "esbuild";
import { describe, expect, it } from "vitest";

describe("browser.ts", () => {
  it("needs nothing of Node: it bundles for a browser", async () => {
    const { outputFiles, warnings } = await build({
      entryPoints: [new URL("./browser.ts", import.meta.url).pathname],
      bundle: true,
      format: "esm",
      platform: "browser",
      write: false,
      logLevel: "silent",
    });
    expect(warnings).toEqual([]);
    const code = outputFiles[0]?.text ?? "";
    expect(code).not.toMatch(/\b(Buffer|process|require)\b\s*[.(]/);
    expect(code).toContain("trainingBatches");
  });
});
