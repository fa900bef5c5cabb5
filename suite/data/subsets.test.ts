import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Examples, examplesOf } from "./examples.ts";
import { holdOut, subset } from "./subsets.ts";

function labelled(labels: readonly number[]): Examples {
  return examplesOf(new Uint8Array(labels.length), labels, {
    shape: [1],
    classes: Math.max(...labels) + 1,
  });
}

function classCounts({ rows, labels, classes }: Examples): number[] {
  const counts = new Array<number>(classes).fill(0);
  for (const row of rows) counts[labels[row] as number] = (counts[labels[row] as number] ?? 0) + 1;
  return counts;
}

const datasets = fc.array(fc.nat({ max: 4 }), { minLength: 2, maxLength: 200 }).map(labelled);

describe("subset", () => {
  it("has the size asked for, distinct rows, and is contained in every larger one", () => {
    fc.assert(
      fc.property(datasets, fc.nat(), fc.nat(), (examples, a, b) => {
        const n = examples.rows.length;
        const [small, large] = [1 + (a % n), 1 + (b % n)].sort((x, y) => x - y) as [number, number];
        const rows = new Set(subset(examples, large).rows);
        expect(rows.size).toBe(large);
        expect([...subset(examples, small).rows].every((row) => rows.has(row))).toBe(true);
      }),
    );
  });

  it("gives each class its share to within two examples, whatever the classes' sizes", () => {
    fc.assert(
      fc.property(datasets, fc.nat(), (examples, a) => {
        const n = examples.rows.length;
        const size = 1 + (a % n);
        const whole = classCounts(examples);
        classCounts(subset(examples, size)).forEach((count, label) => {
          expect(Math.abs(count - (size * (whole[label] as number)) / n)).toBeLessThan(2.5);
        });
      }),
    );
  });

  it("gives classes of equal size equal shares to within one", () => {
    const examples = labelled(Array.from({ length: 600 }, (_, i) => i % 10));
    for (const size of [1, 9, 10, 37, 100, 255, 599]) {
      const counts = classCounts(subset(examples, size));
      expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
    }
  });

  it("keeps dataset order, and the whole dataset as it is", () => {
    const examples = labelled([0, 1, 0, 1, 1, 0]);
    const { rows } = subset(examples, 4);
    expect([...rows]).toEqual([...rows].sort((a, b) => a - b));
    expect(subset(examples, 6)).toBe(examples);
  });

  it.each([0, 7, 2.5, -1, Number.NaN])("refuses size %d of 6", (size) => {
    expect(() => subset(labelled([0, 1, 0, 1, 1, 0]), size)).toThrow(
      `Dataset size ${size}: allowed are integers, 1 to 6.\nChoose a --dataset-size`,
    );
  });
});

describe("holdOut", () => {
  it("parts the examples in two, both stratified", () => {
    fc.assert(
      fc.property(datasets, fc.nat(), (examples, a) => {
        const n = examples.rows.length;
        const size = 1 + (a % (n - 1));
        const { kept, heldOut } = holdOut(examples, size);
        expect([...kept.rows, ...heldOut.rows].sort((x, y) => x - y)).toEqual([...examples.rows]);
        expect(heldOut.rows.length).toBe(size);
        const whole = classCounts(examples);
        classCounts(heldOut).forEach((count, label) => {
          expect(Math.abs(count - (size * (whole[label] as number)) / n)).toBeLessThan(2.5);
        });
      }),
    );
  });

  it("is drawn apart from subsets: neither is contained in the other", () => {
    const examples = labelled(Array.from({ length: 200 }, (_, i) => i % 2));
    const heldOut = new Set(holdOut(examples, 50).heldOut.rows);
    const shared = [...subset(examples, 50).rows].filter((row) => heldOut.has(row)).length;
    expect(shared).toBeGreaterThan(0);
    expect(shared).toBeLessThan(40);
  });

  it.each([0, 6])("refuses to hold out %d of 6", (size) => {
    expect(() => holdOut(labelled([0, 1, 0, 1, 1, 0]), size)).toThrow(
      /allowed are integers, 1 to 5/,
    );
  });
});
