import { describe, expect, it } from "vitest";
import { tokensOf } from "./text/token-source.ts";
import { textTask } from "./text-task.ts";

describe("textTask", () => {
  const numbered = (from: number, count: number) =>
    tokensOf(Uint16Array.from({ length: count }, (_, i) => from + i));
  const task = textTask({
    name: "made",
    checksum: "0".repeat(64),
    train: numbered(0, 500),
    validation: numbered(1000, 100),
    test: numbered(2000, 100),
    block: 10,
    vocabulary: 2100,
    evaluationTokens: 60,
  });

  it("trains on a prefix of the training text only", () => {
    const batches = task.batches({ datasetSize: 50, batchSize: 200, seed: 0 });
    const { inputs, labels } = batches.next();
    expect(Math.min(...inputs)).toBe(0);
    expect(Math.max(...labels)).toBe(49);
  });

  it("evaluates the beginning of each text, and never more than was trained on", () => {
    const firsts = (["train", "validation", "test"] as const).map((split) => {
      const set = task.evaluationSet(split, 500);
      expect(set?.count).toBe(5);
      return set?.gather(Int32Array.of(0))[0];
    });
    expect(firsts).toEqual([0, 1000, 2000]);
    expect(task.evaluationSet("train", 31)?.count).toBe(3);
  });
});
