import { describe, expect, it } from "vitest";
import { type Answer, answerAt } from "./answer.ts";
import { answerSentences } from "./answer-words.ts";
import { type Board, buildBoard } from "./board.ts";
import { comparePair, type PairComparison } from "./pairs.ts";
import { scoreCells } from "./score-cells.ts";
import { syntheticFacts, syntheticFiles } from "./synthetic.ts";
import { crossoverWords, pairSentences } from "./words.ts";

const options = { tier: "mini", task: "mnist-mlp", facts: syntheticFacts() } as const;

function boardOf(
  files: ReturnType<typeof syntheticFiles>,
  axis: "batch" | "dataset" = "batch",
): Board {
  const board = buildBoard(files, { ...options, axis });
  if (!board) throw new Error("no board");
  return board;
}

function pair(...args: Parameters<typeof comparePair>): PairComparison {
  const found = comparePair(...args);
  if (!found) throw new Error("no common point");
  return found;
}

const files = syntheticFiles();
const board = boardOf(files);

describe("a planted crossover", () => {
  it.each([
    ["kfac", 700],
    ["kfac-local", 1500],
    ["foof", 64],
  ])("of %s at %d is recovered inside its interval", (challenger, planted) => {
    const { crossover, interval, conditional, tie } = pair(board, challenger, "adamw");
    expect(tie).toBe(false);
    expect(crossover.outcome).toBe("crosses");
    expect(Math.abs(Math.log2(crossover.lasting / planted))).toBeLessThan(0.5);
    for (const found of [interval, conditional]) {
      expect(found?.low).toBeLessThan(planted);
      expect(found?.high).toBeGreaterThan(planted);
    }
  });

  it("is wider when tuning is resampled too", () => {
    const { interval, conditional } = pair(board, "kfac", "adamw");
    const width = (found: typeof interval) => Math.log2((found?.high ?? 0) / (found?.low ?? 1));
    expect(width(interval)).toBeGreaterThan(width(conditional));
    expect([interval?.resampled, conditional?.resampled]).toEqual(["seeds and tuning", "seeds"]);
  });

  it("is recovered for losses as well, by direction", () => {
    const losses = buildBoard(files, { ...options, metric: "test-loss" });
    if (!losses) throw new Error("no board");
    const { crossover, points } = pair(losses, "kfac", "adamw");
    expect(Math.abs(Math.log2(crossover.lasting / 700))).toBeLessThan(0.5);
    expect(points.at(-1)?.difference).toBeGreaterThan(0);
  });

  it("is recovered on the dataset axis, where the lead is on the small side", () => {
    const sizes = syntheticFiles({
      batchSizes: [256],
      datasetSizes: [3125, 6250, 12_500, 25_000, 50_000],
    });
    const { crossover } = pair(boardOf(sizes, "dataset"), "kfac", "adamw");
    // From batch 700 at 50,000 examples: at batch 256 the crossing is at 50,000·256/700.
    expect(Math.abs(Math.log2(crossover.lasting / 18_286))).toBeLessThan(0.5);
  });
});

describe("other outcomes", () => {
  it("always and never", () => {
    expect(pair(board, "shampoo", "adamw").crossover.outcome).toBe("always");
    expect(pair(board, "psgd", "adamw")).toMatchObject({
      crossover: { outcome: "never" },
      tie: false,
    });
  });

  it("is antisymmetric in its points", () => {
    const one = pair(board, "kfac", "adamw").points;
    const other = pair(board, "adamw", "kfac").points;
    one.forEach(({ difference, p }, index) => {
      expect(other[index]?.difference).toBeCloseTo(-difference, 12);
      expect(other[index]?.p).toBeCloseTo(p, 12);
    });
  });

  it("A/A: identical trials are level everywhere; other seeds' noise is a tie", () => {
    const copied = files
      .filter(({ cell }) => cell.optimizer === "adamw")
      .flatMap((file) => [file, { ...file, cell: { ...file.cell, optimizer: "copy" } }]);
    const same = pair(boardOf(copied), "copy", "adamw");
    expect(same.tie).toBe(true);
    expect(same.crossover).toMatchObject({ outcome: "never", crossings: [] });
    expect(pairSentences(same)[0]).toMatch(/cannot be told apart/);
    const noisy = syntheticFiles({ optimizers: [{ id: "adamw" }, { id: "copy" }] });
    const tie = pair(boardOf(noisy), "copy", "adamw");
    expect(tie.tie).toBe(true);
    expect(crossoverWords(tie)).toMatch(/^tie/);
    expect([tie.interval?.low, tie.interval?.high]).toEqual([0, Number.POSITIVE_INFINITY]);
  });

  it("pairs the seeds that both have", () => {
    const { points } = pair(board, "shampoo", "sgd");
    expect(points.at(-1)?.paired).toEqual({ seeds: 3, probability: 1, signFlip: 0.25 });
    const apart = files.map((file) =>
      file.cell.optimizer === "sgd"
        ? { ...file, trials: file.trials.map((one) => ({ ...one, seed: one.seed + 10 })) }
        : file,
    );
    expect(pair(boardOf(apart), "shampoo", "sgd").points[0]?.paired).toBeNull();
  });

  it("names the sizes that only one of the two has", () => {
    const holes = files.filter(
      ({ cell }) => cell.optimizer !== "kfac" || ![512, 1024].includes(cell.batchSize),
    );
    const found = pair(boardOf(holes), "kfac", "adamw");
    expect(found.gaps).toEqual([512, 1024]);
    expect(crossoverWords(found)).toMatch(/sparse: 512 and 1,024 missing/);
  });

  it("claims no crossing, and none missing, from a single common size", () => {
    const largest = Math.max(...files.map(({ cell }) => cell.batchSize));
    const single = files.filter(
      ({ cell }) => cell.optimizer === "adamw" || cell.batchSize === largest,
    );
    const found = pair(boardOf(single), "kfac", "adamw");
    expect(crossoverWords(found)).toBe(
      `ahead at batch size ${largest.toLocaleString("en")}, the only one that both have`,
    );
    expect(pairSentences(found).join(" ")).not.toMatch(/every|interval of the crossover/);
  });

  it("says which optimizers there are when asked for another", () => {
    expect(() => comparePair(board, "kfac", "adam")).toThrow(/no optimizer 'adam'.*adamw, /s);
  });

  it("reads cost per step inside one device class", () => {
    const { cost } = pair(board, "kfac", "adamw");
    expect(cost.flopsPerStep).toBeCloseTo(1.9 / 1.05, 1);
    expect(cost.secondsPerStep).toHaveLength(1);
  });
});

describe("the practitioner's answer", () => {
  const cells = scoreCells(files, options);
  const ask = (batchSize: number, datasetSize: number, versus = "adamw") => {
    const request = { batchSize, datasetSize, versus, metric: board.metric };
    const answer = answerAt(cells, request);
    return { answer, text: answerSentences(answer, request) };
  };
  const lineOf = (answer: Answer, optimizer: string) =>
    answer.kind === "not measured"
      ? undefined
      : answer.lines.find((line) => line.optimizer === optimizer);

  it("a measured cell", () => {
    const { answer, text } = ask(4096, 50_000);
    expect(answer.kind).toBe("measured");
    expect(lineOf(answer, "kfac")?.reading).toBe("better");
    expect(text[0]).toMatch(/^At batch size 4,096 and dataset size 50,000, .*kfac.* surely better/);
  });

  it("between two measured sizes, saying so", () => {
    const { answer, text } = ask(3000, 50_000);
    expect(answer).toMatchObject({
      kind: "between",
      from: [{ batchSize: 2048 }, { batchSize: 4096 }],
    });
    const [low = 0, middle = 0, high = 0] = [2048, 2300, 4096].map(
      (size) => lineOf(ask(size, 50_000).answer, "kfac")?.difference ?? Number.NaN,
    );
    expect(middle).toBeCloseTo(low + (high - low) * Math.log2(2300 / 2048), 9);
    expect(text.join(" ")).toMatch(/this very size was not measured/);
  });

  it("outside the grid: not measured, with the nearest cells", () => {
    const { answer, text } = ask(100_000, 50_000);
    expect(answer.kind === "not measured" && answer.nearest[0]?.batchSize).toBe(8192);
    expect(text[0]).toMatch(/^Not measured/);
    expect(ask(64, 1234).answer.kind).toBe("not measured");
  });

  it("without the baseline: says that it is missing", () => {
    const { answer } = ask(64, 50_000, "lion");
    expect(answer.kind === "not measured" && answer.reason).toMatch(/'lion' has no scored cell/);
  });
});
