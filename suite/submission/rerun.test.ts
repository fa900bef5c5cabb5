import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { madeTask } from "../launch/testing/made-task.ts";
import { tierOf } from "../protocol/tasks.ts";
import type { CellFile, Trial } from "../results/schema.ts";
import { madeData } from "../train/made-data.ts";
import { packedData, readPack, writePack } from "./pack.ts";
import { chooseTrial, compareRerun } from "./rerun.ts";
import { madeFile } from "./testing/made-result.ts";

const trial = {
  cell: { tier: "smoke", task: "made", optimizer: "mine", batchSize: 8, datasetSize: 48 },
  hyperparameters: {},
  seed: 3,
  steps: 14,
  threads: 1,
} as const;

describe("a pack", () => {
  const folder = mkdtempSync(join(tmpdir(), "crossover-pack-"));

  it("asks the data for training examples only, and holds nothing else", () => {
    const data = madeData();
    const asked: string[] = [];
    writePack(
      folder,
      {
        ...data,
        evaluationSet: (split, size) => {
          asked.push(split);
          return data.evaluationSet(split, size);
        },
      },
      trial,
    );
    expect(new Set(asked)).toEqual(new Set(["train"]));
    expect(readdirSync(folder).sort()).toEqual(["batches.bin", "pack.json", "train.bin"]);
    // 8 examples of 5 values and a label, 14 times; 48 examples of the same.
    expect(readFileSync(join(folder, "batches.bin")).length).toBe(14 * 8 * 6 * 4);
    expect(readFileSync(join(folder, "train.bin")).length).toBe(48 * 6 * 4);
  });

  it("gives the same batches and training examples as the data", () => {
    const packed = packedData(folder, readPack(folder));
    const [ours, theirs] = [packed, madeData()].map((data) =>
      data.batches({ batchSize: 8, datasetSize: 48, seed: 3 }),
    );
    for (let step = 0; step < 14; step++) expect(ours?.next()).toEqual(theirs?.next());
    expect(() => ours?.next()).toThrow(/holds 14 batches/);
    const [mine, original] = [packed, madeData()].map((data) => data.evaluationSet("train", 48));
    const positions = Int32Array.of(5, 0, 47);
    expect(mine?.gather(positions)).toEqual(original?.gather(positions));
    expect(mine?.labels).toEqual(original?.labels);
    expect(packed.evaluationSet("test", 48)?.labels).toEqual(original?.labels.slice(0, 1));
    rmSync(folder, { recursive: true });
  });
});

describe("chooseTrial", () => {
  const [first] = madeFile.trials as [Trial];
  const lasting = (seconds: number, status: Trial["status"] = "finished") => ({
    file: madeFile,
    trial: {
      ...first,
      status,
      cost: { ...first.cost, seconds: { ...first.cost.seconds, train: seconds } },
    },
  });

  it("takes only what finished, fits and runs on a processor", () => {
    const onGpu = {
      ...lasting(1),
      file: { ...madeFile, device: { ...madeFile.device, device: "cuda" } } as CellFile,
    };
    const trials = [lasting(1, "diverged"), lasting(1000), onGpu, lasting(2)];
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (chance) => {
        expect(chooseTrial(trials, 300, () => chance)).toBe(trials[3]);
      }),
    );
    expect(chooseTrial(trials.slice(0, 3), 300)).toBeUndefined();
  });

  it("takes every one that fits by some chance", () => {
    const trials = [1, 2, 3].map((seconds) => lasting(seconds));
    const chosen = [0, 0.4, 0.99].map((chance) => chooseTrial(trials, 300, () => chance));
    expect(chosen).toEqual(trials);
  });
});

describe("compareRerun", () => {
  const run = { end: "exited", code: 0, seconds: 1, printed: "" } as const;
  const protocol = { ...tierOf(madeTask, "smoke"), tolerance: 0.01 };
  const recorded = { final: { trainLoss: 0.1, testAccuracy: 0.9 }, fingerprint: "a".repeat(64) };
  const verdict = (testAccuracy: number, fingerprint: string, processor: string) =>
    compareRerun(
      madeFile,
      recorded,
      { run, evaluated: { final: { trainLoss: 0.1, testAccuracy }, fingerprint } },
      protocol,
      processor,
    ).verdict;
  const same = madeFile.device.processor;

  it.each([
    [0.9, "a", same, "same bits"],
    [0.9, "a", "other", "same bits"],
    [0.9, "b", same, "differs"],
    [0.905, "b", "other", "within tolerance"],
    [0.92, "b", "other", "differs"],
  ])("%d with fingerprint %s on %s: %4$s", (accuracy, digit, processor, expected) => {
    expect(verdict(accuracy, digit.repeat(64), processor)).toBe(expected);
  });

  it("fails without weights", () => {
    expect(compareRerun(madeFile, recorded, { run, problem: "x" }, protocol).verdict).toBe(
      "failed",
    );
  });
});
