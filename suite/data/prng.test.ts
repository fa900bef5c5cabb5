import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DataError } from "./error.ts";
import { murmur3 } from "./murmur3.ts";
import { normalsOfDraws } from "./normal-draw.ts";
import { naturalLogarithm, normalQuantile } from "./normal-quantile.ts";
import oracle from "./oracles/normal-quantile.json" with { type: "json" };
import { stream } from "./prng.ts";

describe("murmur3", () => {
  it.each([
    ["", 0, 0],
    ["", 1, 0x514e28b7],
    ["test", 0, 0xba6bd213],
    ["Hello, world!", 0x9747b28c, 0x24884cba],
    ["The quick brown fox jumps over the lazy dog", 0, 0x2e4ff723],
  ])("hashes %j with seed %i as published", (text, seed, hash) => {
    expect(murmur3(text, seed)).toBe(hash);
  });
});

describe("normalQuantile", () => {
  it("agrees with SciPy's to rounding", () => {
    oracle.p.forEach((p, i) => {
      const z = oracle.z[i] as number;
      // The quantile is as steep as 1/φ(z): near 1, the rounding of p itself shows.
      expect(Math.abs(normalQuantile(p) - z)).toBeLessThanOrEqual(5e-15 * Math.max(1, Math.abs(z)));
    });
  });

  it("takes logarithms as Math.log does, to two units in the last place", () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-11, max: 1, noNaN: true }), (x) => {
        const expected = Math.log(x);
        expect(Math.abs(naturalLogarithm(x) - expected)).toBeLessThanOrEqual(
          4.5e-16 * Math.max(Math.abs(expected), 0.1),
        );
      }),
    );
  });
});

describe("normalsOfDraws", () => {
  const expected = (draw: number) => Math.fround(normalQuantile(((draw >>> 0) + 0.5) * 2 ** -32));
  const check = (draws: readonly number[]) => {
    const values = new Float32Array(draws.length);
    normalsOfDraws(Int32Array.from(draws), values);
    expect(values).toEqual(Float32Array.from(draws, expected));
  };

  it("are the quantiles in float32, to the last bit", () => {
    fc.assert(fc.property(fc.array(fc.integer(), { minLength: 200 }), check));
  });

  it("are so at the ends of every segment, where its polynomial is worst", () => {
    for (let octave = 0; octave < 31; octave++) {
      const starts = Array.from({ length: 256 }, (_, segment) =>
        Math.ceil(2 ** octave * (1 + segment / 256)),
      );
      check(starts.flatMap((start) => [start, start - 1, ~start]));
    }
  });

  it("may take the place of the draws", () => {
    const values = Float32Array.of(1, -2, 3);
    const draws = new Int32Array(values.buffer);
    const kept = [...draws];
    normalsOfDraws(draws, values);
    expect(values).toEqual(Float32Array.from(kept, expected));
  });
});

describe("stream", () => {
  it("draws the same numbers on every machine: pinned", () => {
    const order = stream(0, "order");
    expect([
      order.uint32(),
      order.uint32(),
      order.integer(10),
      order.float(),
    ]).toMatchInlineSnapshot(`
      [
        3548366809,
        3602456238,
        5,
        0.26768142194487154,
      ]
    `);
    expect([
      ...stream(0, "init").normal(3),
      ...stream(0, "init").uniform(2),
    ]).toMatchInlineSnapshot(`
      [
        -0.5785617232322693,
        -0.7212343215942383,
        0.5245866179466248,
        0.28144240379333496,
        0.23538267612457275,
      ]
    `);
    const values = Int32Array.from({ length: 8 }, (_, i) => i);
    stream(7, "order").shuffle(values);
    expect([...values]).toMatchInlineSnapshot(`
      [
        3,
        2,
        4,
        6,
        5,
        7,
        1,
        0,
      ]
    `);
  });

  it("depends on seed and name, and on nothing drawn from other streams", () => {
    const alone = stream(3, "order").uniform(20);
    const other = stream(3, "augmentation");
    const order = stream(3, "order");
    const together = Float32Array.from({ length: 20 }, () => {
      other.normal(2);
      return order.uniform(1)[0] as number;
    });
    expect(together).toEqual(alone);
    expect(stream(4, "order").uniform(20)).not.toEqual(alone);
    expect(other.uniform(20)).not.toEqual(alone);
  });

  it("has uncorrelated neighbours: streams of nearby seeds and names", () => {
    const n = 20_000;
    const draws = [
      stream(0, "init"),
      stream(1, "init"),
      stream(0, "order"),
      stream(10, "init"),
    ].map((s) => s.normal(n));
    for (let a = 0; a < draws.length; a++) {
      for (let b = 0; b < a; b++) {
        const [x, y] = [draws[a] as Float32Array, draws[b] as Float32Array];
        const correlation = x.reduce((sum, value, i) => sum + value * (y[i] as number), 0) / n;
        expect(Math.abs(correlation)).toBeLessThan(4 / Math.sqrt(n));
      }
    }
  });

  it("draws uniform floats in [0, 1) that use every tenth equally", () => {
    const n = 100_000;
    const counts = new Array<number>(10).fill(0);
    for (const u of stream(1, "init").uniform(n)) {
      counts[Math.floor(u * 10)] = (counts[Math.floor(u * 10)] as number) + 1;
    }
    expect(counts.length).toBe(10);
    const chiSquare = counts.reduce((sum, c) => sum + (c - n / 10) ** 2 / (n / 10), 0);
    expect(chiSquare).toBeLessThan(27.9); // 99.9% point, 9 degrees of freedom
  });

  it("draws normals with the moments of N(0, 1)", () => {
    const n = 200_000;
    const z = stream(2, "probe").normal(n);
    const moment = (k: number) => z.reduce((sum, v) => sum + v ** k, 0) / n;
    expect(Math.abs(moment(1))).toBeLessThan(4 / Math.sqrt(n));
    expect(Math.abs(moment(2) - 1)).toBeLessThan(4 * Math.sqrt(2 / n));
    expect(Math.abs(moment(3))).toBeLessThan(4 * Math.sqrt(15 / n));
    expect(Math.abs(moment(4) - 3)).toBeLessThan(4 * Math.sqrt(96 / n));
  });

  it("shuffles into every order equally often", () => {
    const order = stream(5, "order");
    const counts = new Map<string, number>();
    for (let i = 0; i < 24_000; i++) {
      const values = Int32Array.of(0, 1, 2, 3);
      order.shuffle(values);
      counts.set(values.join(""), (counts.get(values.join("")) ?? 0) + 1);
    }
    expect(counts.size).toBe(24);
    const chiSquare = [...counts.values()].reduce((sum, c) => sum + (c - 1000) ** 2 / 1000, 0);
    expect(chiSquare).toBeLessThan(49.7); // 99.9% point, 23 degrees of freedom
  });

  it("goes on from a saved state, through JSON", () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat({ max: 50 }), (seed, skipped) => {
        const first = stream(seed, "dropout");
        first.uniform(skipped);
        const saved = JSON.parse(JSON.stringify(first.save()));
        const expected = first.normal(5);
        const second = stream(0, "elsewhere");
        second.restore(saved);
        expect(second.normal(5)).toEqual(expected);
      }),
    );
  });

  it.each([[[0, 0, 0, 0]], [[1, 2, 3]], [[1, 2, 3, 4.5]], [[1, 2, 3, 2 ** 40]], ["state"]])(
    "refuses %j as a state",
    (state) => {
      expect(() => stream(0, "init").restore(state as number[])).toThrow(DataError);
    },
  );

  it.each([-1, 1.5, Number.NaN])("refuses seed %d", (seed) => {
    expect(() => stream(seed, "init")).toThrow(/Seed/);
  });
});
