import { describe, expect, it } from "vitest";
import type { CellFile } from "../results/schema.ts";
import { changedBoards } from "./boards.ts";
import { commentText } from "./comment.ts";
import { madeReport } from "./testing/made-report.ts";
import { madeFiles } from "./testing/made-result.ts";

const optimizers = [{ id: "sgd" }, { id: "mine", lead: { from: 100, perDoubling: 0.01 } }];
const files = madeFiles({ optimizers, batchSizes: [64, 128, 256, 512, 1024], noise: 0.0005 });
const others = files.filter(({ cell }) => cell.optimizer !== "mine");
const mine = files.filter(({ cell }) => cell.optimizer === "mine");

const changes = (before: readonly CellFile[], now: readonly CellFile[]) =>
  changedBoards({
    before,
    now,
    optimizers: new Set(["mine"]),
    facts: () => ({ primary: "accuracy", selection: "validation", chance: 0.1 }),
  });

describe("changedBoards", () => {
  it("names new points, the crossover that appears, and cells that are missing", () => {
    const [board] = changes(others, [...others, ...mine.slice(0, -1)]);
    expect(board?.points.map(({ position, before }) => [position, before])).toEqual([
      [64, null],
      [128, null],
      [256, null],
      [512, null],
    ]);
    expect(board?.crossovers).toMatchObject([
      { challenger: "mine", baseline: "sgd", before: null },
    ]);
    expect(board?.missing).toEqual([{ optimizer: "mine", position: 1024 }]);
  });

  it("gives both scores where one was there, and nothing where none changed", () => {
    const other = madeFiles({ optimizers, batchSizes: [256], noise: 0.0005, seed: 7 });
    const moved = other.filter(({ cell }) => cell.optimizer === "mine");
    const rest = files.filter((file) => !mine.includes(file) || file.cell.batchSize !== 256);
    const [board] = changes(files, [...rest, ...moved]);
    expect(board?.points).toHaveLength(1);
    expect(board?.points[0]?.before?.score).not.toBe(board?.points[0]?.now?.score);
    expect(changes(files, files)).toEqual([]);
  });

  it("marks a point far from the line of its neighbours", () => {
    const lifted = mine.map((file) =>
      file.cell.batchSize === 256
        ? {
            ...file,
            trials: file.trials.map((trial) => ({
              ...trial,
              final: { ...trial.final, testAccuracy: (trial.final.testAccuracy as number) - 0.05 },
            })),
          }
        : file,
    );
    const [board] = changes(others, [...others, ...lifted]);
    const far = board?.points.filter(({ outlier }) => (outlier ?? 0) > 3) ?? [];
    expect(far.map(({ position }) => position)).toContain(256);
  });
});

describe("the comment", () => {
  const context = { runUrl: "https://github.com/o/r/actions/runs/7", firstTime: true };

  it("says what was added, what was found, what moved, and how to repeat it", () => {
    const comment = commentText(madeReport, context);
    for (const part of [
      "### ✓ Valid submission",
      "22 new trials in 2 result files, made in 2.4 min of training",
      "- [x] its tests in the sandbox: 46 passed",
      "- [x] one trial rerun: same bits",
      "97.12%",
      "4.2 standard errors off its neighbours",
      "Crossovers that moved:",
      "lacks batch size 4096",
      "npm run reproduce -- results/mini/mnist-mlp/board/mine/b1024-n50000.onnxruntime-cpu-amd-epyc-7763-t1.json#0123456789abcdef0123456789abcdef",
      "#### Welcome",
    ]) {
      expect(comment).toContain(part);
    }
  });

  it("unticks what did not hold", () => {
    const comment = commentText(
      {
        ...madeReport,
        findings: [{ level: "refused", rule: "size", where: "x", message: "y" }],
        rerun: madeReport.rerun && { ...madeReport.rerun, verdict: "differs", now: 0.5 },
      },
      context,
    );
    expect(comment).toContain("### ✗ Not yet");
    expect(comment).toContain("- [ ] 1 finding below must be solved");
    expect(comment).toContain("**differs** (now 0.5, recorded 0.9712");
  });

  it("stays below GitHub's limit however much there is to say", () => {
    const finding = {
      level: "refused",
      rule: "r",
      where: "<".repeat(300),
      message: "<".repeat(600),
    } as const;
    const long = { ...madeReport, findings: Array.from({ length: 200 }, () => finding) };
    expect(commentText(long, context).length).toBeLessThan(65_536);
  });
});
