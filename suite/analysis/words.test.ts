import { describe, expect, it } from "vitest";
import { STATUSES } from "../results/schema.ts";
import { buildBoard } from "./board.ts";
import { at } from "./statistics.ts";
import { syntheticFacts, syntheticFiles } from "./synthetic.ts";
import {
  budgetWords,
  crossoverEndWords,
  listed,
  plural,
  rankWords,
  STATE_WORDS,
  STATUS_WORDS,
  tiedWords,
} from "./words.ts";

const grid = { smallest: 256, largest: 16_384 };

describe("words", () => {
  it("every status and every state has a mark and a word of its own", () => {
    expect(Object.keys(STATUS_WORDS).sort()).toEqual([...STATUSES].sort());
    for (const words of [STATUS_WORDS, STATE_WORDS].map((one) => Object.values(one))) {
      expect(new Set(words.map(({ mark }) => mark)).size).toBe(words.length);
      expect(new Set(words.map(({ word }) => word)).size).toBe(words.length);
    }
  });

  it("an interval that leaves the grid says so", () => {
    expect(crossoverEndWords(Number.POSITIVE_INFINITY, grid)).toBe("> 16,384");
    expect(crossoverEndWords(0, grid)).toBe("≤ 256");
    expect(crossoverEndWords(1378.92, grid)).toBe("1,400");
  });

  it("ranks, lists, plurals", () => {
    expect(rankWords({ best: 2, worst: 4 })).toBe("2–4");
    expect(rankWords({ best: 1, worst: 1 })).toBe("1");
    expect(rankWords(null)).toBe("–");
    expect([listed([]), listed(["a"]), listed(["a", "b", "c"])]).toEqual(["", "a", "a, b and c"]);
    expect([plural(1, "seed"), plural(1000, "seed")]).toEqual(["1 seed", "1,000 seeds"]);
  });

  it("budget and tied group of a board", () => {
    const files = syntheticFiles({ batchSizes: [256] });
    const facts = syntheticFacts();
    const board = buildBoard(files, { tier: "mini", task: "mnist-mlp", facts });
    const shampoo = board?.rows.find(({ optimizer }) => optimizer === "shampoo");
    if (!board || !shampoo) throw new Error("no board");
    expect(budgetWords(at(shampoo.entries, 0))).toBe("24 configurations × 1 seed, 3 report seeds");
    expect(tiedWords(board.rows, 0)).toBe("shampoo");
  });
});
