import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { useBackend } from "../engine/index.ts";
import type { OptimizerDeclaration } from "../optimizer/declaration.ts";
import { smallRun } from "../optimizer/testing/small-run.ts";
import { loadOptimizers } from "../protocol/registry.ts";
import { scaffoldOptimizer } from "./scaffold-optimizer.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

describe("scaffoldOptimizer", () => {
  let folder: string;
  // At the root: the files import ../suite.
  beforeEach(() => {
    folder = mkdtempSync(join(ROOT, ".scaffold-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("writes an optimizer that loads and trains, and a test of it", async () => {
    await useBackend({ backend: "reference" });
    const files = await scaffoldOptimizer("my-method-2", folder);
    expect(files.map((file) => file.slice(folder.length + 1))).toEqual([
      "my-method-2.ts",
      "my-method-2.test.ts",
    ]);
    const { optimizers, faults } = await loadOptimizers(folder);
    expect(faults).toEqual([]);
    expect(optimizers.map(({ id, name }) => [id, name])).toEqual([["my-method-2", "My Method 2"]]);
    const run = smallRun(optimizers[0] as OptimizerDeclaration, "mlp");
    const before = run.loss();
    for (let step = 0; step < 10; step++) run.step("all");
    expect(run.loss()).toBeLessThan(before);
    run.dispose();
    expect(readFileSync(files[1] as string, "utf8")).toContain('from "./my-method-2.ts"');
  });

  it("never overwrites, and takes no id twice", async () => {
    await scaffoldOptimizer("mine", folder);
    await expect(scaffoldOptimizer("mine", folder)).rejects.toThrow('an optimizer "mine" already');
    writeFileSync(join(folder, "other.test.ts"), "");
    await expect(scaffoldOptimizer("other", folder)).rejects.toThrow("already");
  });

  it.each(["Mine", "my_method", "2fast", "a--b", "../up", ""])(
    "refuses the name %o",
    async (name) => {
      await expect(scaffoldOptimizer(name, folder)).rejects.toThrow("cannot be");
    },
  );

  it("finds an export name where JavaScript reserves the id", async () => {
    const [file] = await scaffoldOptimizer("new", folder);
    expect(readFileSync(file as string, "utf8")).toContain("export const newOptimizer =");
    expect((await loadOptimizers(folder)).optimizers.map(({ id }) => id)).toEqual(["new"]);
  });
});
