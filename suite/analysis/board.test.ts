import { describe, expect, it } from "vitest";
import { type Board, buildBoard } from "./board.ts";
import type { PlannedCell } from "./plan.ts";
import { at } from "./statistics.ts";
import { SYNTHETIC_OPTIMIZERS, syntheticFacts, syntheticFiles } from "./synthetic.ts";

const options = { tier: "mini", task: "mnist-mlp", facts: syntheticFacts() } as const;
const batchSizes = [64, 256, 1024, 4096];
const files = syntheticFiles({ batchSizes });

function build(...args: Parameters<typeof buildBoard>): Board {
  const board = buildBoard(...args);
  if (!board) throw new Error("no board");
  return board;
}

describe("the board", () => {
  const board = build(files, options);

  it("has a row per optimizer and an entry per size, best mean rank first", () => {
    expect(board.points).toEqual(batchSizes);
    expect(board.rows.map(({ optimizer }) => optimizer).sort()).toEqual(
      SYNTHETIC_OPTIMIZERS.map(({ id }) => id).sort(),
    );
    const ranks = board.rows.map(({ meanRank }) => meanRank);
    expect(ranks).toEqual([...ranks].sort((a, b) => a - b));
    expect(board.coverage).toMatchObject({ measured: 28, expected: 28, missing: [] });
  });

  it("gives each entry an interval around its score, a rank range and its seconds", () => {
    for (const { entries } of board.rows) {
      for (const { cell, interval, rank, seconds } of entries) {
        expect(interval?.low).toBeLessThan(cell?.score ?? 0);
        expect(interval?.high).toBeGreaterThan(cell?.score ?? 1);
        expect(rank?.best).toBeLessThanOrEqual(rank?.worst ?? 0);
        expect(seconds).toHaveLength(1);
      }
    }
  });

  it("ties the leader with itself, and everyone who is not surely worse", () => {
    board.points.forEach((_, column) => {
      const tied = board.rows.filter(({ entries }) => entries[column]?.tied);
      expect(tied.length).toBeGreaterThan(0);
      for (const { entries } of tied) expect(entries[column]?.rank?.best).toBe(1);
    });
  });

  it("reads the arm `board` of its own task and tier alone", () => {
    const generous = files.map((file) => ({ ...file, arm: "fig4" }));
    const elsewhere = files.map((file) => ({ ...file, cell: { ...file.cell, task: "other" } }));
    expect(build([...files, ...generous, ...elsewhere], options)).toEqual(board);
    expect(buildBoard(generous, options)).toBeNull();
    expect(build([...files, ...generous], { ...options, arm: "fig4" })).toEqual(board);
  });

  it("does not depend on the order of files", () => {
    expect(build([...files].reverse(), options)).toEqual(board);
  });

  it("never mixes device classes into one score", () => {
    const other = files.map((file) => ({
      ...file,
      device: { ...file.device, class: "onnxruntime-webgpu-other" },
      trials: file.trials.slice(0, -1),
    }));
    const mixed = build([...other, ...files], options);
    expect(mixed.rows.map(({ meanRank }) => meanRank)).toEqual(
      board.rows.map(({ meanRank }) => meanRank),
    );
    const entry = at(at(mixed.rows, 0).entries, 0);
    expect(entry.cell?.seeds).toHaveLength(3);
    expect(entry.seconds.map(({ deviceClass }) => deviceClass)).toHaveLength(2);
  });
});

describe("ties", () => {
  it("an optimizer against its own copy under another name is a tie everywhere", () => {
    const one = syntheticFiles({ batchSizes, optimizers: [{ id: "adamw" }, { id: "adamw-copy" }] });
    const board = build(one, options);
    for (const { entries } of board.rows) {
      for (const { tied, rank } of entries) {
        expect(tied).toBe(true);
        expect(rank).toEqual({ best: 1, worst: 2 });
      }
    }
  });
});

describe("axes and slices", () => {
  const both = syntheticFiles({ batchSizes, datasetSizes: [5000, 20_000, 50_000] });

  it("takes the fullest slice by default, and the one asked for", () => {
    expect(build(both, options).fixed).toBe(50_000);
    expect(build(both, { ...options, fixed: 5000 }).points).toEqual([64, 256, 1024]);
    const dataset = build(both, { ...options, axis: "dataset", fixed: 1024 });
    expect(dataset.points).toEqual([5000, 20_000, 50_000]);
  });
});

describe("the frozen plan", () => {
  const rates = [0.3, 0.1, 0.03, 0.01, 0.003, 0.001].map((learningRate) => ({ learningRate }));
  const plan: PlannedCell[] = ["adamw", "kfac"].flatMap((optimizer) =>
    [64, 256, 65_536].map((batchSize) => ({
      cell: { optimizer, batchSize, datasetSize: 50_000 },
      configurations: rates,
      reportSeeds: [1, 2],
      ...(batchSize > 50_000 ? { invalid: "the batch is larger than the dataset" } : {}),
    })),
  );

  it("lets only planned cells and seeds in, and shows what is missing or invalid", () => {
    const some = files.filter(({ cell }) => cell.optimizer !== "kfac" || cell.batchSize !== 256);
    const board = build(some, { ...options, plan });
    expect(board.rows.map(({ optimizer }) => optimizer).sort()).toEqual(["adamw", "kfac"]);
    const kfac = board.rows.find(({ optimizer }) => optimizer === "kfac");
    expect(kfac?.entries.map(({ state }) => state)).toEqual(["scored", "not run", "invalid"]);
    expect(kfac?.entries[2]?.reason).toMatch(/larger than the dataset/);
    expect(kfac?.entries[0]?.cell?.seeds).toHaveLength(2);
    expect(board.coverage.missing).toEqual([{ optimizer: "kfac", position: 256 }]);
  });

  it("a trial in a cell that the plan calls invalid does not make it valid", () => {
    const invalid = plan.map((one) => ({ ...one, invalid: "too few updates" }));
    const board = build(files, { ...options, fixed: 50_000, plan: invalid });
    expect(board.rows[0]?.entries[0]?.state).toBe("invalid");
  });

  it("extra configurations of a generous contributor change nothing", () => {
    const configurations = [{ learningRate: 0.1 }, { learningRate: 0.01 }];
    const frozen = plan.map((cell) => ({ ...cell, configurations }));
    const adamw = files.filter(({ cell }) => cell.optimizer === "adamw");
    const board = build(adamw, { ...options, plan: frozen });
    const row = board.rows.find(({ optimizer }) => optimizer === "adamw");
    expect(row?.entries[0]?.cell?.configurations).toHaveLength(2);
  });
});

describe("the tier `paper`", () => {
  it("is cross-fitted: two choices, intervals and ranks all the same", () => {
    const paper = syntheticFiles({ batchSizes, tier: "paper", task: "mnist-mlp" });
    const board = build(paper, { ...options, tier: "paper", facts: syntheticFacts("paper") });
    const entry = at(at(board.rows, 0).entries, 1);
    expect(entry.cell?.foldWeights).toEqual([0.5, 0.5]);
    expect(entry.cell?.paperStyle).toBeGreaterThan(0.9);
  });
});
