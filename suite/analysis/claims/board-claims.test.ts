import { describe, expect, it } from "vitest";
import type { CellFile } from "../../results/schema.ts";
import { type Board, buildBoard } from "../board.ts";
import type { MetricId } from "../metric.ts";
import { type SyntheticOptions, syntheticFacts, syntheticFiles } from "../synthetic.ts";
import type { BoardEvidence } from "./evidence.ts";
import { gapGrowsClaim } from "./gap-grows.ts";
import { globalLocalClaim } from "./global-local.ts";
import { largeBatchClaim } from "./large-batch.ts";
import { overtakesClaim } from "./overtakes.ts";
import { psgdDegradesClaim } from "./psgd-degrades.ts";
import { smallDataClaim } from "./small-data.ts";

const families = {
  firstOrder: ["sgd", "adamw"],
  secondOrder: ["kfac", "kfac-local", "shampoo", "foof", "psgd", "seng"],
};
const place = { tier: "mini", task: "mnist-mlp", facts: syntheticFacts() } as const;
const batchSizes = [64, 256, 1024, 4096];

interface Slice {
  metric?: MetricId;
  axis?: "batch" | "dataset";
}

function boardOf(files: readonly CellFile[], slice: Slice = {}): Board {
  const board = buildBoard(files, { ...place, ...slice });
  if (!board) throw new Error("no board");
  return board;
}

/** Evidence from files, on a slice of them; the competence floor is checked on the primary metric. */
function evidenceFrom(files: readonly CellFile[], slice: Slice = {}): BoardEvidence {
  const primary = boardOf(files, slice.axis ? { axis: slice.axis } : {});
  const board = slice.metric ? boardOf(files, slice) : primary;
  return { board, primary, facts: place.facts, families };
}

const evidenceOf = (options: SyntheticOptions, slice: Slice = {}) =>
  evidenceFrom(syntheticFiles({ batchSizes, ...options }), slice);

const planted = syntheticFiles({ batchSizes });

/** The same trials, of configurations whose best has the highest learning rate. */
function withBestAtEdge(file: CellFile): CellFile {
  const mean = (key: string) => {
    const own = file.trials.filter(({ hyperparameters }) => keyOf(hyperparameters) === key);
    const values = own.map(({ final }) => final.validationAccuracy ?? 0);
    return values.reduce((sum, value) => sum + value, 0) / values.length;
  };
  const keyOf = (values: object) => JSON.stringify(values);
  const keys = [...new Set(file.trials.map(({ hyperparameters }) => keyOf(hyperparameters)))];
  keys.sort((a, b) => mean(a) - mean(b));
  return {
    ...file,
    trials: file.trials.map((trial) => ({
      ...trial,
      hyperparameters: {
        ...trial.hyperparameters,
        learningRate: 2 ** keys.indexOf(keyOf(trial.hyperparameters)),
      },
    })),
  };
}

const twins = (...ids: string[]) => ({ optimizers: ids.map((id) => ({ id })) });

describe("second-order wins at large batch", () => {
  it("is supported where it was planted, with each method's interval and every budget", () => {
    const result = largeBatchClaim(evidenceFrom(planted));
    expect(result.verdict).toBe("supported");
    expect(result.missing).toEqual([]);
    expect(result.finding).toBe("4 of 5 methods surely ahead of adamw");
    expect(result.statistics).toHaveLength(5);
    expect(result.sensitivity.map(({ k }) => k)).toEqual([1, 2, 4, 6]);
    expect(result.sensitivity.at(-1)?.holds).toBe(true);
  });

  it("is refuted where second-order methods lose", () => {
    const behind = { from: 1, perDoubling: -0.003 };
    const optimizers = [
      { id: "sgd" },
      { id: "adamw" },
      ...["kfac", "shampoo", "foof"].map((id) => ({ id, lead: behind })),
    ];
    expect(largeBatchClaim(evidenceOf({ optimizers })).verdict).toBe("not supported");
  });

  it("is open between copies", () => {
    const result = largeBatchClaim(evidenceOf(twins("sgd", "adamw", "kfac", "shampoo")));
    expect(result.verdict).toBe("not enough data");
    expect(result.finding).toBe("0 of 2 methods surely ahead of sgd");
  });

  it("on train accuracy is a claim of its own", () => {
    const result = largeBatchClaim(
      evidenceFrom(planted, { metric: "train-accuracy" }),
      "train-accuracy",
    );
    expect(result).toMatchObject({ id: "train-accuracy", verdict: "supported" });
  });
});

describe("guards", () => {
  it("two seeds are not enough, and the cells are named", () => {
    const { verdict, missing } = largeBatchClaim(evidenceOf({ reportSeeds: [1, 2] }));
    expect(verdict).toBe("not enough data");
    expect(missing).toContain("kfac at batch size 4,096: 2 report seeds of 3");
  });

  it("a configuration that was given, not tuned, decides nothing", () => {
    const given = planted.map((file) =>
      file.cell.optimizer === "kfac"
        ? { ...file, trials: file.trials.filter(({ role }) => role === "report") }
        : file,
    );
    const { verdict, missing } = largeBatchClaim(evidenceFrom(given));
    expect(verdict).toBe("not enough data");
    expect(missing).toContain("kfac at batch size 4,096: not tuned");
  });

  it("a missing optimizer is named", () => {
    const { missing } = largeBatchClaim(evidenceOf(twins("adamw", "kfac")));
    expect(missing).toContain("sgd at batch size 4,096: not run");
  });

  it("an optimum at the grid's edge decides nothing", () => {
    const narrow = { learningRates: [0.3, 0.1, 0.09] };
    const { verdict, missing } = largeBatchClaim(evidenceOf(narrow));
    expect(verdict).toBe("not enough data");
    expect(missing.join()).toMatch(/grid's edge: learningRate/);
  });

  it("what is missing of one method leaves it undecided, and the others may still decide", () => {
    const { verdict, missing, finding } = largeBatchClaim(
      evidenceFrom(
        planted.filter(({ cell }) => cell.optimizer !== "psgd" || cell.batchSize !== 4096),
      ),
    );
    expect(missing).toEqual(["psgd at batch size 4,096: not run"]);
    expect(finding).toBe("4 of 5 methods surely ahead of adamw");
    expect(verdict).toBe("supported");
  });

  it("a method at its grid's edge is undecided", () => {
    const atEdge = planted.map((file) =>
      file.cell.optimizer === "kfac" ? withBestAtEdge(file) : file,
    );
    const { finding, missing } = largeBatchClaim(evidenceFrom(atEdge));
    expect(missing.join()).toMatch(/^kfac at batch size 4,096: optimum at the grid's edge/);
    expect(finding).toBe("3 of 5 methods surely ahead of adamw");
  });

  it("below the competence floor nothing is decided", () => {
    const evidence = evidenceFrom(planted);
    const facts = { ...evidence.facts, competenceFloor: 0.999 };
    const { verdict, missing } = largeBatchClaim({ ...evidence, facts });
    expect(verdict).toBe("not enough data");
    expect(missing[0]).toMatch(/^not enough training: sgd reaches 98.*floor is 99.9%/);
  });

  it("cells trained on different data decide nothing", () => {
    const files = planted.map((file) =>
      file.cell.optimizer === "kfac"
        ? {
            ...file,
            trials: file.trials.map((trial) => ({
              ...trial,
              provenance: {
                ...trial.provenance,
                dataset: { name: "other", checksum: "0".repeat(64) },
              },
            })),
          }
        : file,
    );
    const { missing } = largeBatchClaim(evidenceFrom(files));
    expect(missing).toEqual(["one dataset: the cells were trained on 2 different ones"]);
  });
});

describe("the gap grows with the batch size", () => {
  it("where leads were planted per doubling", () => {
    const result = gapGrowsClaim(evidenceFrom(planted));
    expect(result.verdict).toBe("supported");
    expect(result.statistics.every(({ interval }) => interval !== null)).toBe(true);
  });

  it("not where they shrink", () => {
    const optimizers = [
      { id: "sgd" },
      { id: "adamw" },
      ...["kfac", "foof"].map((id) => ({ id, lead: { from: 2048, perDoubling: -0.002 } })),
    ];
    expect(gapGrowsClaim(evidenceOf({ optimizers })).verdict).toBe("not supported");
  });
});

describe("PSGD degrades like SGD", () => {
  const roles = { subject: "psgd", like: "sgd" };

  it("where it was planted", () => {
    const result = psgdDegradesClaim(evidenceFrom(planted), roles);
    expect(result).toMatchObject({ verdict: "supported", finding: "closer to sgd" });
  });

  it("not where it keeps up with the others", () => {
    const optimizers = [
      { id: "sgd" },
      { id: "adamw" },
      ...["psgd", "kfac", "foof"].map((id) => ({ id, lead: { from: 64, perDoubling: 0.003 } })),
    ];
    expect(psgdDegradesClaim(evidenceOf({ optimizers }), roles).verdict).toBe("not supported");
  });

  it("is read on the sizes that all have", () => {
    const cut = planted.filter(({ cell }) => cell.optimizer !== "psgd" || cell.batchSize !== 4096);
    const result = psgdDegradesClaim(evidenceFrom(cut), roles);
    expect(result.missing).toEqual([]);
    expect(result.statistics).toHaveLength(1);
  });

  it("is not decided on fewer sizes because another method's are still to be run", () => {
    const cut = planted.filter(({ cell }) => cell.optimizer !== "foof" || cell.batchSize !== 4096);
    expect(psgdDegradesClaim(evidenceFrom(cut), roles)).toMatchObject({
      verdict: "not enough data",
      missing: ["foof at batch size 4,096: not run"],
    });
  });
});

describe("K-FAC global beats local at small batch", () => {
  const pair = { global: "kfac", local: "kfac-local" };

  it("needs a lead at the smallest and a tie at the largest", () => {
    const closing = { from: 4096, perDoubling: -0.001 };
    const optimizers = [
      { id: "sgd" },
      { id: "adamw" },
      { id: "kfac-local" },
      { id: "kfac", lead: closing },
    ];
    expect(globalLocalClaim(evidenceOf({ optimizers }), pair).verdict).toBe("supported");
    const reversed = { global: "kfac-local", local: "kfac" };
    expect(globalLocalClaim(evidenceOf({ optimizers }), reversed).verdict).toBe("not supported");
  });
});

describe("overtaking in large batches", () => {
  const pair = { challenger: "kfac", baseline: "adamw" };
  const losses = (lead: { from: number; perDoubling: number } | undefined) =>
    evidenceOf(
      {
        optimizers: [{ id: "sgd" }, { id: "adamw" }, lead ? { id: "kfac", lead } : { id: "kfac" }],
        batchSizes: [64, 128, 256, 512, 1024, 2048, 4096],
      },
      { metric: "test-loss" },
    );

  it("is supported when the whole interval is inside the grid", () => {
    const result = overtakesClaim(losses({ from: 512, perDoubling: 0.004 }), pair);
    expect(result).toMatchObject({ verdict: "supported", finding: "crosses" });
  });

  it("is refuted when it surely never leads, and open when it always does", () => {
    expect(overtakesClaim(losses({ from: 1e6, perDoubling: 0.004 }), pair).verdict).toBe(
      "not supported",
    );
    const always = overtakesClaim(losses({ from: 2, perDoubling: 0.004 }), pair);
    expect(always.verdict).toBe("not enough data");
    expect(always.missing).toEqual(["smaller batch sizes than 64"]);
    expect(overtakesClaim(losses(undefined), pair).verdict).toBe("not enough data");
  });
});

describe("small data favours second-order", () => {
  const sizes = { batchSizes: [256], datasetSizes: [3125, 6250, 12_500, 25_000, 50_000] };
  const slice = { axis: "dataset", metric: "train-loss" } as const;

  it("where the lead falls with the dataset", () => {
    const result = smallDataClaim(evidenceOf(sizes, slice), { baseline: "adamw" });
    expect(result.missing).toEqual([]);
    expect(result.verdict).toBe("supported");
  });

  it("not where it does not", () => {
    const optimizers = [
      { id: "sgd" },
      { id: "adamw" },
      ...["kfac", "foof"].map((id) => ({ id, lead: { from: 64, perDoubling: -0.003 } })),
    ];
    const growing = smallDataClaim(evidenceOf({ ...sizes, optimizers }, slice), {
      baseline: "adamw",
    });
    expect(growing.verdict).toBe("not supported");
  });
});
