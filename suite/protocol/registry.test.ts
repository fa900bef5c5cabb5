import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { faultMessage, loadOptimizer, loadOptimizers } from "./registry.ts";

const at = (path: string) => fileURLToPath(new URL(`../optimizer/${path}`, import.meta.url));

const HEADER = `
import { z } from ${JSON.stringify(fileURLToPath(import.meta.resolve("zod")))};
import { defineOptimizer } from ${JSON.stringify(at("declaration.ts"))};
import { learningRate } from ${JSON.stringify(at("hyperparameters.ts"))};
`;

const declaration = (changes: string) => `
defineOptimizer({
  id: "mine", name: "Mine", family: "first-order", version: 1, order: 5, summary: "An example.",
  rule: ["g"], needs: {}, search: {}, schedule: "task",
  citation: { authors: "A", title: "T", year: 2024, url: "https://example.org" },
  hyperparameters: z.strictObject({ learningRate: learningRate(0.1) }),
  cost: () => ({ state: 0 }),
  create: () => { throw new Error("never called"); },
  ${changes}
})`;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "optimizers-"));
  const files: Record<string, string> = {
    "good.ts": `${HEADER} export const mine = ${declaration("")};
      export const early = ${declaration('id: "early", order: 1')};
      export const helper = 3;`,
    "throws.ts": `throw new Error("no luck.");`,
    "syntax.ts": "export const = ;",
    "nothing.ts": "export const helper = 3;",
    "url.ts": `${HEADER} export const bad = ${declaration('id: "url", citation: { authors: "A", title: "T", year: 2024, url: "nowhere" }')};`,
    "searched.ts": `${HEADER} export const bad = ${declaration('id: "searched", search: { learningRte: { kind: "choice", values: [1] } }')};`,
    "beyond.ts": `${HEADER} export const bad = ${declaration('id: "beyond", paperGrid: { learningRate: [-1] }')};`,
    "plain.ts": `${HEADER} export const bad = ${declaration('id: "plain", hyperparameters: z.strictObject({ size: z.number() })')};`,
    "twice.ts": `${HEADER} export const again = ${declaration("")};`,
    "mine.test.ts": `throw new Error("a test is not an optimizer");`,
    "notes.md": "not code",
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("loadOptimizers", () => {
  it("finds every declaration, in order, whatever else is in the folder", async () => {
    const { optimizers } = await loadOptimizers(folder);
    expect(optimizers.map(({ id }) => id)).toEqual(["early", "mine"]);
  });

  it("names file and field of what it left out", async () => {
    const { faults } = await loadOptimizers(folder);
    const reasonOf = (name: string) => faults.find(({ file }) => file.endsWith(name))?.reason;
    expect(faults).toHaveLength(8);
    expect(reasonOf("throws.ts")).toBe("no luck");
    expect(reasonOf("nothing.ts")).toContain("defineOptimizer");
    expect(reasonOf("url.ts")).toContain('field "citation.url"');
    expect(reasonOf("searched.ts")).toContain('field "search.learningRte"');
    expect(reasonOf("searched.ts")).toContain("learningRate");
    expect(reasonOf("beyond.ts")).toContain('field "paperGrid.learningRate": -1');
    expect(reasonOf("plain.ts")).toContain('field "hyperparameters.size": needs a default');
    expect(reasonOf("plain.ts")).toContain("lacks symbol, unit, description");
    expect(reasonOf("twice.ts")).toBe('field "id": "mine" is taken by good.ts');
    expect(faultMessage({ file: "/a/b/c.ts", reason: "broken" })).toBe(
      "optimizers/c.ts was left out: broken.",
    );
  });
});

describe("loadOptimizer", () => {
  it("returns one by id", async () => {
    expect((await loadOptimizer("early", folder)).order).toBe(1);
  });

  it("suggests the nearest id and says what was left out", async () => {
    await expect(loadOptimizer("mime", folder)).rejects.toThrow(
      /no optimizer "mime".*"mine"[\s\S]*throws\.ts was left out/,
    );
  });
});
