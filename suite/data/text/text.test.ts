import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DataError } from "../error.ts";
import { stream } from "../prng.ts";
import { characterVocabulary } from "./characters.ts";
import { END_OF_TEXT, gpt2Tokens } from "./gpt2-tokens.ts";
import { SECTION_LENGTH, splitText } from "./sections.ts";
import { prefix, tokensOf } from "./token-source.ts";
import { decodeUtf8 } from "./utf8.ts";
import { evaluationWindows, trainingWindows } from "./windows.ts";

describe("characterVocabulary", () => {
  it("sorts characters by code point, as Python's sorted(set(text)) does", () => {
    expect(characterVocabulary("ba\nA😀é").characters).toEqual(["\n", "A", "a", "b", "é", "😀"]);
    expect([...characterVocabulary("hello").encode("hole")]).toEqual([1, 3, 2, 0]);
  });

  it("decodes what it encodes", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        const vocabulary = characterVocabulary(text);
        expect(vocabulary.decode(vocabulary.encode(text))).toBe(text);
      }),
    );
  });

  it("names a character that it does not have", () => {
    expect(() => characterVocabulary("abc").encode("abx")).toThrow(/"x" \(U\+0078\) at position 2/);
  });
});

describe("gpt2Tokens", () => {
  it("gives the tokens that OpenAI's tiktoken documents", () => {
    expect(gpt2Tokens("tiktoken is great!")).toEqual([83, 1134, 30001, 318, 1049, 0]);
    expect(gpt2Tokens("Hello world")).toEqual([15496, 995]);
  });

  it("reads the mark between documents as text when it stands inside one", () => {
    expect(gpt2Tokens("a<|endoftext|>b")).not.toContain(END_OF_TEXT);
  });
});

describe("decodeUtf8", () => {
  it("decodes text", () => {
    expect(decodeUtf8(new TextEncoder().encode("naïve 😀"), "made")).toBe("naïve 😀");
  });

  it.each([
    [[0x61, 0xe9, 0x62], "0xe9 at position 1"],
    [[0x61, 0x62, 0xff], "0xff at position 2"],
    [[...new TextEncoder().encode("é".repeat(40)), 0x80, 0x61], "0x80 at position 80"],
  ])("names the first wrong byte of %j", (bytes, where) => {
    expect(() => decodeUtf8(Uint8Array.from(bytes), "novel.txt")).toThrow(where);
    expect(() => decodeUtf8(Uint8Array.from(bytes), "novel.txt")).toThrow("novel.txt is not UTF-8");
  });

  it("refuses a text that ends inside a character", () => {
    expect(() => decodeUtf8(Uint8Array.of(0x61, 0xe2, 0x82), "cut")).toThrow("0xe2 at position 1");
  });
});

describe("windows", () => {
  const tokens = tokensOf(Uint16Array.from({ length: 100 }, (_, i) => i));

  it("predict each next token, from anywhere in the text", () => {
    const batches = trainingWindows({ tokens, block: 8, batchSize: 4, seed: 1 });
    const starts = new Set<number>();
    for (let step = 0; step < 400; step++) {
      const { inputs, labels, shape } = batches.next();
      expect(shape).toEqual([4, 8]);
      expect(labels.every((label, i) => label === (inputs[i] as number) + 1)).toBe(true);
      for (let i = 0; i < 4; i++) starts.add(inputs[i * 8] as number);
    }
    expect(Math.min(...starts)).toBe(0);
    expect(Math.max(...starts)).toBe(91);
    expect(batches.stepsPerEpoch).toBe(3);
  });

  it("go on from a saved state, through JSON", () => {
    const make = () => trainingWindows({ tokens, block: 5, batchSize: 3, seed: 2 });
    const first = make();
    first.next();
    const saved = JSON.parse(JSON.stringify(first.save()));
    const expected = first.next();
    const second = make();
    second.restore(saved);
    expect(second.next()).toEqual(expected);
    expect(() => second.restore(null)).toThrow(DataError);
  });

  it("follow each other in evaluation, and predict each token of the whole windows once", () => {
    const { inputs, labels, count, shape } = evaluationWindows(tokens, 8);
    expect([count, shape]).toEqual([12, [8]]);
    expect([...inputs]).toEqual(Array.from({ length: 96 }, (_, i) => i));
    expect([...labels]).toEqual(Array.from({ length: 96 }, (_, i) => i + 1));
  });

  it("come from a prefix when the dataset is smaller", () => {
    const batches = trainingWindows({
      tokens: prefix(tokens, 20),
      block: 8,
      batchSize: 50,
      seed: 0,
    });
    expect(Math.max(...batches.next().labels)).toBe(19);
    expect(() => prefix(tokens, 101)).toThrow(/1 to 100/);
    expect(() => prefix(tokens, 0)).toThrow(/1 to 100/);
    expect(() =>
      trainingWindows({ tokens: prefix(tokens, 8), block: 8, batchSize: 1, seed: 0 }),
    ).toThrow(/needs at least 9/);
  });
});

describe("splitText", () => {
  const random = stream(3, "made");
  const text = Array.from({ length: SECTION_LENGTH * 39 + SECTION_LENGTH / 2 }, () =>
    random.integer(50) === 0 ? "😀" : String.fromCharCode(97 + random.integer(26)),
  ).join("");

  it("gives each character to one part", () => {
    const { train, validation, test } = splitText(text);
    const counts = (part: string) => {
      const map = new Map<string, number>();
      for (const character of part) map.set(character, (map.get(character) ?? 0) + 1);
      return [...map].sort();
    };
    expect(counts(train + validation + test)).toEqual(counts(text));
    for (const part of [validation, test]) {
      expect(part.length).toBeGreaterThan(1.5 * SECTION_LENGTH - 100);
      expect(part.length).toBeLessThan(2 * SECTION_LENGTH + 100);
    }
  });

  it("is the same each time, and does not keep the text's order", () => {
    expect(splitText(text)).toEqual(splitText(text));
    expect(text.startsWith(splitText(text).train.slice(0, 100))).toBe(false);
  });

  it("refuses a text too short to split", () => {
    expect(() => splitText("short")).toThrow(/at least 3/);
  });
});
