import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { expectClose } from "./fixtures/expect-close.ts";
import { bestOfK, orderBest, selectBest, type TieBreak } from "./selection.ts";
import { at, mean } from "./statistics.ts";

const A = [90, 92, 93, 95, 94];
const B = [89.5, 91, 93.5, 94, 94.6];
const ties: TieBreak[] = A.map((_, index) => ({ flops: 1, key: `${index}` }));

function crossFitted(k: number): number {
  const onB = bestOfK(orderBest(A, ties), B);
  const onA = bestOfK(orderBest(B, ties), A);
  return (at(onB, k - 1) + at(onA, k - 1)) / 2;
}

describe("selection", () => {
  it("cross-fits: chosen on one half, reported on the other", () => {
    const a = selectBest(A, ties) ?? -1;
    const b = selectBest(B, ties) ?? -1;
    expectClose((at(B, a) + at(A, b)) / 2, 94);
    const whole = A.map((value, index) => (value + at(B, index)) / 2);
    expectClose(Math.max(...whole), 94.5);
  });

  it("breaks ties by FLOPs, then by key", () => {
    const equal = [1, 1, 1];
    expect(selectBest(equal, [tie(2, "a"), tie(1, "c"), tie(1, "b")])).toBe(2);
  });

  it("selects nothing when everything diverged", () => {
    const dead = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
    expect(selectBest(dead, [tie(1, "a"), tie(1, "b")])).toBeNull();
  });
});

function tie(flops: number, key: string): TieBreak {
  return { flops, key };
}

describe("best of k", () => {
  it("without replacement, cross-fitted", () => {
    expectClose(at(bestOfK(orderBest(A, ties), B), 1), 93.78);
    expectClose(at(bestOfK(orderBest(B, ties), A), 1), 93.9);
    expectClose(crossFitted(2), 93.84);
    expectClose(crossFitted(3), 94.165);
    expectClose(crossFitted(5), 94);
  });

  it("of A scored on A: 94.0, where replacement would give 93.76", () => {
    expectClose(at(bestOfK(orderBest(A, ties), A), 1), 94);
    const sorted = [...A].sort((a, b) => a - b);
    const replaced = sorted.map((value, i) => (((i + 1) / 5) ** 2 - (i / 5) ** 2) * value);
    expectClose(
      replaced.reduce((total, value) => total + value, 0),
      93.76,
    );
  });

  it("is the mean at k = 1, the choice at k = n, and equals the mean over all pairs at k = 2", () => {
    const values = fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 2, maxLength: 9 });
    fc.assert(
      fc.property(
        values,
        fc.infiniteStream(fc.integer({ min: 0, max: 1000 })),
        (select, stream) => {
          const report = select.map(() => Number(stream.next().value));
          const order = orderBest(
            select,
            select.map((_, index) => tie(1, String(index).padStart(2, "0"))),
          );
          const curve = bestOfK(order, report);
          expectClose(at(curve, 0), mean(report), 9);
          expectClose(at(curve, select.length - 1), at(report, at(order, 0)), 9);
          const pairs = order.flatMap((winner, i) =>
            order.slice(i + 1).map(() => at(report, winner)),
          );
          expectClose(at(curve, 1), mean(pairs), 9);
        },
      ),
    );
  });
});
