import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { syntheticFiles } from "../analysis/synthetic.ts";
import { canonicalJson } from "./canonical.ts";
import { trialKey } from "./key.ts";
import { type CellFile, GRID_SEEDS, type Trial } from "./schema.ts";
import { cellPath, digestOf } from "./store.ts";
import { type Knowledge, validateText } from "./validate.ts";

const [made] = syntheticFiles({
  batchSizes: [1024],
  learningRates: [0.1, 0.01],
  dampings: [0.1],
  keyOf: (cell, { seed, versions, hyperparameters }, device) =>
    trialKey({
      cell,
      taskVersion: versions.task,
      optimizerVersion: versions.optimizer,
      hyperparameters,
      seed,
      deviceClass: device.class,
    }),
}) as [CellFile];
const checksum = made.trials[0]?.provenance.dataset.checksum as string;

const knowledge: Knowledge = {
  task: (task, tier) =>
    task === "mnist-mlp" && tier === "mini"
      ? {
          version: 1,
          batchSizes: [512, 1024],
          datasetSizes: [50_000],
          checksums: [checksum],
          fixed: { clipNorm: 10 },
          updates: (batch, dataset) => 10 * Math.floor(dataset / batch),
          invalidReason: (batch, dataset) => (batch > dataset ? "too large" : undefined),
        }
      : undefined,
  optimizer: (id) =>
    id === made.cell.optimizer
      ? {
          version: 1,
          problem: ({ learningRate }) =>
            Number(learningRate) > 1 ? "learningRate: too high" : undefined,
        }
      : undefined,
};

const place = cellPath(made.cell, made.arm, made.device.class);
const stored = (content: CellFile) => canonicalJson({ ...content, digest: digestOf(content) });
const check = (content: CellFile, path = place) =>
  validateText("f.json", stored(content), knowledge, path).map(
    ({ field, message }) => `${field}: ${message}`,
  );

/** The file with one trial changed, and everything recomputed that a forger can recompute. */
function forged(change: (trial: CellFile["trials"][number]) => object): CellFile {
  const [first, ...others] = made.trials as [CellFile["trials"][number]];
  return { ...made, trials: [{ ...first, ...change(first) }, ...others] } as CellFile;
}

describe("validateText", () => {
  it("accepts what the suite writes", () => {
    expect(check(made)).toEqual([]);
  });

  it("knows a study's further tuning seeds, which no board has", () => {
    const tuned = made.trials.find(({ role }) => role === "tune") as Trial;
    const again = { ...tuned, seed: GRID_SEEDS[1] as number };
    const key = trialKey({
      cell: made.cell,
      taskVersion: again.versions.task,
      optimizerVersion: again.versions.optimizer,
      hyperparameters: again.hyperparameters,
      seed: again.seed,
      deviceClass: made.device.class,
    });
    const trials = [...made.trials, { ...again, key }];
    const study = { ...made, arm: "fig4", trials };
    expect(check(study, cellPath(study.cell, study.arm, study.device.class))).toEqual([]);
    expect(check({ ...made, trials }).join("\n")).toMatch(/tuning uses seed 0, given 0, 101/);
  });

  it.each<[string, CellFile, RegExp]>([
    [
      "another optimizer's cell",
      { ...made, cell: { ...made.cell, optimizer: "nobody" } },
      /cell\.optimizer|cell:/,
    ],
    [
      "a batch size off the grid",
      { ...made, cell: { ...made.cell, batchSize: 1000 } },
      /not on the grid/,
    ],
    ["a forged key", forged(() => ({ key: "0".repeat(32) })), /trials\.0\.key: 0{32}, but/],
    [
      "a hyperparameter out of range",
      forged(() => ({ hyperparameters: { learningRate: 7 } })),
      /too high/,
    ],
    [
      "a library's defect",
      forged(() => ({ hyperparameters: { variant: "asdl" } })),
      /variant: asdl, which belongs to the arm explore/,
    ],
    [
      "another clip than the task's",
      forged(() => ({ hyperparameters: { clipNorm: 1000 } })),
      /clipNorm: 1000, but mnist-mlp fixes 10: it belongs to the arm explore/,
    ],
    ["another seed", forged(() => ({ seed: 9 })), /tuning uses seed 0|without gaps/],
    [
      "an old version",
      forged(() => ({ versions: { task: 2, optimizer: 1 } })),
      /versions\.task: 2/,
    ],
    [
      "too few steps",
      forged(({ cost }) => ({ cost: { ...cost, steps: 3, samples: 3 * 1024 } })),
      /cost\.steps: 3/,
    ],
    [
      "a raised score",
      forged(({ final }) => ({ final: { ...final, validationAccuracy: 0.9999 } })),
      /final\.validationAccuracy: 0\.9999, but its curve/,
    ],
    [
      "a wrong dataset",
      forged(({ provenance }) => ({
        provenance: { ...provenance, dataset: { name: "x", checksum: "f".repeat(64) } },
      })),
      /not this task's dataset/,
    ],
    [
      "a repeated trial",
      { ...made, trials: [...made.trials, made.trials[0]] } as CellFile,
      /occurs twice/,
    ],
  ])("refuses %s", (_, content, message) => {
    expect(check(content).join("\n")).toMatch(message);
  });

  it("refuses a file in another's place", () => {
    expect(check(made, "mini/mnist-mlp/board/adamw/b1-n1.x.json").join()).toMatch(/belongs at/);
    expect(check(made, `../${place}`).join()).toMatch(/belongs at/);
  });

  it.each([
    ["giant", `"${"x".repeat(1_100_000)}"`, /at most 1048576/],
    ["deeply nested", "[".repeat(10_000), /nested deeper/],
    ["not JSON", "{", /not JSON/],
    [
      "NaN as a word",
      stored(made).replace(/"trainLoss": [\d.]+/, '"trainLoss": "NaN"'),
      /trainLoss/,
    ],
    [
      "an impossible accuracy",
      stored(made).replace(/"testAccuracy": [\d.]+/, '"testAccuracy": 1.2'),
      /testAccuracy/,
    ],
  ])("refuses a file that is %s", (_, text, message) => {
    const findings = validateText("f.json", text, knowledge, place);
    expect(findings.map(({ field, message: words }) => `${field} ${words}`).join()).toMatch(
      message,
    );
  });

  it("lets no changed leaf pass, and never crashes", () => {
    const original = JSON.parse(stored(made));
    const leaves = leafPaths(original);
    fc.assert(
      fc.property(
        fc.constantFrom(...leaves),
        fc.oneof(
          fc.double(),
          fc.integer(),
          fc.string(),
          fc.constant(null),
          fc.boolean(),
          fc.jsonValue(),
        ),
        (path, value) => {
          const copy = structuredClone(original);
          const parent = path.slice(0, -1).reduce((node, key) => node[key], copy);
          const last = path.at(-1) as string;
          const before = JSON.stringify(parent[last]);
          parent[last] = value;
          const text = canonicalJson(copy);
          fc.pre(
            JSON.stringify(JSON.parse(text)) !== JSON.stringify(original) &&
              before !== JSON.stringify(value),
          );
          expect(validateText("f.json", text, knowledge, place).length).toBeGreaterThan(0);
        },
      ),
      { numRuns: 400 },
    );
  });

  it("never crashes on any text", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        expect(validateText("f.json", text, knowledge, place).length).toBeGreaterThan(0);
      }),
    );
  });
});

function leafPaths(node: unknown, path: string[] = []): string[][] {
  if (node === null || typeof node !== "object") return [path];
  return Object.entries(node).flatMap(([key, value]) => leafPaths(value, [...path, key]));
}
