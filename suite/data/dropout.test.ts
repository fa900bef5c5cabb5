import { describe, expect, it } from "vitest";
import { fillDropoutMask } from "./dropout.ts";
import { stream } from "./prng.ts";

describe("fillDropoutMask", () => {
  it.each([0.01, 0.1, 0.5, 0.9])("drops a share of %d, independently of the neighbour", (rate) => {
    const n = 400_000;
    const mask = new Float32Array(n);
    fillDropoutMask(mask, rate, stream(1, "dropout"));
    let dropped = 0;
    let pairs = 0;
    expect(new Set(mask)).toEqual(new Set([0, Math.fround(1 / (1 - rate))]));
    for (let i = 0; i < n; i++) {
      if (mask[i] !== 0) continue;
      dropped++;
      if (i > 0 && mask[i - 1] === 0) pairs++;
    }
    const bound = (p: number) => 4.5 * Math.sqrt((p * (1 - p)) / n);
    expect(Math.abs(dropped / n - rate)).toBeLessThan(bound(rate));
    expect(Math.abs(pairs / n - rate ** 2)).toBeLessThan(2 * bound(rate ** 2));
  });

  it("has geometric gaps, also beyond its table", () => {
    const rate = 0.002;
    const mask = new Float32Array(2_000_000);
    fillDropoutMask(mask, rate, stream(2, "dropout"));
    const gaps: number[] = [];
    for (let i = 0, last = -1; i < mask.length; i++) {
      if (mask[i] !== 0) continue;
      gaps.push(i - last - 1);
      last = i;
    }
    for (const k of [100, 255, 256, 257, 600, 1500]) {
      const expected = (1 - rate) ** k;
      const share = gaps.filter((gap) => gap >= k).length / gaps.length;
      expect(Math.abs(share - expected)).toBeLessThan(
        4.5 * Math.sqrt((expected * (1 - expected)) / gaps.length),
      );
    }
  });

  it("keeps everything at rate 0, without a draw", () => {
    const random = stream(3, "dropout");
    const before = random.save();
    const mask = new Float32Array(5);
    fillDropoutMask(mask, 0, random);
    expect([...mask]).toEqual([1, 1, 1, 1, 1]);
    expect(random.save()).toEqual(before);
  });

  it.each([-0.1, 1, Number.NaN])("refuses rate %d", (rate) => {
    expect(() => fillDropoutMask(new Float32Array(1), rate, stream(0, "dropout"))).toThrow(/rate/);
  });
});
