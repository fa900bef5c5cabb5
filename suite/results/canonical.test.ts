import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonicalJson, sortedRecord } from "./canonical.ts";

describe("canonicalJson", () => {
  it("puts lists of plain values on one line and everything else on its own", () => {
    const text = canonicalJson({ a: [1, null, "x"], b: { c: true }, d: [{ e: 1 }, {}], f: [] });
    expect(text).toBe(
      [
        "{",
        ' "a": [1,null,"x"],',
        ' "b": {',
        '  "c": true',
        " },",
        ' "d": [',
        "  {",
        '   "e": 1',
        "  },",
        "  {}",
        " ],",
        ' "f": []',
        "}",
      ].join("\n"),
    );
  });

  it("is JSON that reads back as it was", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });
});

describe("sortedRecord", () => {
  it("orders keys, so that equal records are equal texts", () => {
    expect(JSON.stringify(sortedRecord({ b: 1, a: 2 }))).toBe('{"a":2,"b":1}');
  });
});
