import { describe, expect, it } from "vitest";
import { examplesOf } from "../examples.ts";
import oracle from "../oracles/images.json" with { type: "json" };
import { stream } from "../prng.ts";
import { randomAffine, warp } from "./affine.ts";
import { cropFlipCutout } from "./crop-flip-cutout.ts";
import {
  CIFAR10_STATISTICS,
  MNIST_STATISTICS,
  standardised,
  standardisedBytes,
} from "./normalise.ts";
import { meanPooled } from "./pool.ts";
import { resized, resizedExamples, resizer } from "./resize.ts";

const IDENTITY = { mean: [0, 0, 0], deviation: [1 / 255, 1 / 255, 1 / 255] };

/** `count` images of random bytes, never 0 so that padding shows. */
function madeImages(count: number, shape: readonly number[]) {
  const size = shape.reduce((a, b) => a * b, 1);
  const random = stream(9, "made");
  const pixels = Uint8Array.from({ length: count * size }, () => 1 + random.integer(255));
  return examplesOf(pixels, new Array(count).fill(0), { shape, classes: 1 });
}

describe("standardisedBytes", () => {
  it.each(oracle.normalise)(
    "gives torchvision's bits for mean $mean",
    ({ mean, deviation, values }) => {
      expect([...standardisedBytes({ mean, deviation })]).toEqual(values.flat());
    },
  );

  it("is what `standardised` looks up, channel by channel", () => {
    const images = madeImages(2, [3, 2, 3]);
    const target = new Float32Array(1 + 18);
    standardised([3, 2, 3], CIFAR10_STATISTICS).fill(images, 1, target, 1);
    const table = standardisedBytes(CIFAR10_STATISTICS);
    for (let i = 0; i < 18; i++) {
      expect(target[1 + i]).toBe(table[(i % 3) * 256 + (images.inputs[18 + i] as number)]);
    }
  });
});

describe("resizer", () => {
  it.each(oracle.resize)("gives PIL's bytes, $from to $to", ({ from, to, image, resized }) => {
    const target = new Uint8Array(resized.length);
    const sizes = [from, to] as unknown as [[number, number], [number, number]];
    resizer(...sizes, 3)(Uint8Array.from(image), target);
    expect([...target]).toEqual(resized);
  });

  it("prepares standardised images of the new size", () => {
    const images = madeImages(3, [4, 4, 3]);
    const { shape, fill } = resized([4, 4], [7, 9], IDENTITY);
    const target = new Float32Array(7 * 9 * 3);
    fill(images, 2, target, 0);
    const bytes = new Uint8Array(target.length);
    resizer([4, 4], [7, 9], 3)(images.inputs.subarray(2 * 48), bytes);
    expect(shape).toEqual([7, 9, 3]);
    expect(Array.from(target, Math.round)).toEqual([...bytes]);
  });
});

describe("resizedExamples", () => {
  it("stores what `resized` prepares, and keeps rows and labels", () => {
    const images = { ...madeImages(3, [8, 8, 3]), rows: Int32Array.of(0, 2) };
    const small = resizedExamples(images, [4, 4]);
    expect(small).toMatchObject({ shape: [4, 4, 3], rows: images.rows, labels: images.labels });
    expect(small.inputs).toHaveLength(3 * 48);
    const target = new Float32Array(48);
    resized([8, 8], [4, 4], IDENTITY).fill(images, 2, target, 0);
    expect([...small.inputs.subarray(2 * 48)]).toEqual(Array.from(target, Math.round));
  });
});

describe("warp", () => {
  it.each(oracle.affine)("gives PIL's bytes, $angle degrees, scale $scale", (made) => {
    const target = new Uint8Array(made.warped.length);
    warp(Uint8Array.from(made.image), made.size as [number, number], made, target);
    expect([...target]).toEqual(made.warped);
  });

  it("is drawn from the stream: angle, then scale, uniform within their bounds", () => {
    const images = madeImages(1, [12, 12, 1]);
    const bounds = { degrees: 15, scale: [0.8, 1.2] } as const;
    const augmentation = randomAffine([12, 12], MNIST_STATISTICS, bounds);
    const table = standardisedBytes(MNIST_STATISTICS);
    const random = stream(0, "augmentation");
    const target = new Float32Array(144);
    const warped = new Uint8Array(144);
    const different = new Set<string>();
    for (let trial = 0; trial < 50; trial++) {
      const replay = stream(0, "replay");
      replay.restore(random.save());
      augmentation.fill(images, 0, target, 0, random);
      const angle = (2 * replay.float() - 1) * 15;
      const scale = 0.8 + replay.float() * 0.4;
      warp(images.inputs, [12, 12], { angle, scale }, warped);
      expect(target.every((value, i) => value === table[warped[i] as number])).toBe(true);
      different.add(target.join());
    }
    expect(different.size).toBeGreaterThan(40);
  });
});

describe("meanPooled", () => {
  it("averages 2×2 blocks before standardising", () => {
    const images = examplesOf(Uint8Array.of(0, 255, 10, 20, 255, 255, 30, 41), [0], {
      shape: [2, 4, 1],
      classes: 1,
    });
    const { shape, fill } = meanPooled([2, 4], MNIST_STATISTICS);
    const target = new Float32Array(2);
    fill(images, 0, target, 0);
    expect(shape).toEqual([1, 2, 1]);
    expect(target[0]).toBeCloseTo((0.75 - 0.1307) / 0.3081, 6);
    expect(target[1]).toBeCloseTo((25.25 / 255 - 0.1307) / 0.3081, 6);
  });
});

describe("cropFlipCutout", () => {
  const size = 8;
  const images = madeImages(1, [size, size, 3]);
  const pixel = (y: number, x: number, channel: number) =>
    y < 0 || y >= size || x < 0 || x >= size
      ? 0
      : (images.inputs[(y * size + x) * 3 + channel] as number);

  it("is a crop of the padded image, perhaps flipped, with one square of zeros", () => {
    const { fill } = cropFlipCutout([size, size, 3], IDENTITY, { padding: 2, cutout: 4 });
    const random = stream(4, "augmentation");
    const seen = { flipped: 0, shifts: new Set<string>() };
    const target = new Float32Array(size * size * 3);
    for (let trial = 0; trial < 300; trial++) {
      const replay = stream(0, "replay");
      replay.restore(random.save());
      fill(images, 0, target, 0, random);
      const dy = replay.integer(5) - 2;
      const dx = replay.integer(5) - 2;
      const flip = replay.integer(2) === 1;
      const [cy, cx] = [replay.integer(size), replay.integer(size)];
      seen.flipped += Number(flip);
      seen.shifts.add(`${dy},${dx}`);
      let wrong = 0;
      for (let y = 0; y < size; y++) {
        for (let x = 0; x < size; x++) {
          const cut = y >= cy - 2 && y < cy + 2 && x >= cx - 2 && x < cx + 2;
          for (let channel = 0; channel < 3; channel++) {
            const from = pixel(y + dy, (flip ? size - 1 - x : x) + dx, channel);
            const value = Math.round(target[(y * size + x) * 3 + channel] as number);
            if (value !== (cut ? 0 : from)) wrong++;
          }
        }
      }
      expect(wrong).toBe(0);
    }
    expect(seen.shifts.size).toBe(25);
    expect(Math.abs(seen.flipped - 150)).toBeLessThan(40);
  });

  it("pads with black and cuts to 0 after standardising, as torchvision's order has it", () => {
    const black = standardisedBytes(CIFAR10_STATISTICS)[0];
    const white = examplesOf(new Uint8Array(size * size * 3).fill(255), [0], {
      shape: [size, size, 3],
      classes: 1,
    });
    const { fill } = cropFlipCutout([size, size, 3], CIFAR10_STATISTICS, { padding: 4, cutout: 2 });
    const target = new Float32Array(size * size * 3);
    fill(white, 0, target, 0, stream(0, "augmentation"));
    expect(new Set(target.filter((_, i) => i % 3 === 0))).toEqual(
      new Set([standardisedBytes(CIFAR10_STATISTICS)[255], black, 0]),
    );
  });

  it("cuts nothing and draws less when the square is empty", () => {
    const { fill } = cropFlipCutout([size, size, 3], IDENTITY, { padding: 0, cutout: 0 });
    const target = new Float32Array(size * size * 3);
    fill(images, 0, target, 0, stream(0, "augmentation"));
    expect(Array.from(target, Math.round).every((value) => value > 0)).toBe(true);
  });
});
