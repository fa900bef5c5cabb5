import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { describeConformance } from "../suite/optimizer/conformance.ts";
import { benchOf, parameter } from "../suite/optimizer/testing/fixed-problem.ts";
import { describeGoldenSteps } from "../suite/optimizer/testing/golden-steps.ts";
import { dot, matrices } from "../suite/optimizer/testing/matrix.ts";
import { describeOracle } from "../suite/optimizer/testing/oracle.ts";
import * as file from "./sngm.ts";

describeGoldenSteps("sngm", file);
describeConformance(file);
describeOracle("sngm", file);

type Pair = readonly [a: number[], b: number[]];

/** What steps with these gradients of two tensors move them by, without decay. */
function moves(gradients: readonly Pair[]): number[] {
  const tensors = [parameter("a", [0, 0, 0]), parameter("b", [0, 0])];
  const settings = { weightDecay: 0, learningRate: 0.1, clipNorm: 1e30 };
  const bench = benchOf(file.sngm, tensors, settings);
  for (const pair of gradients) bench.step({ gradients: pair });
  const moved = bench.values().flat();
  bench.dispose();
  return moved;
}

describe("invariances", () => {
  const pairs = fc
    .tuple(matrices(1, 3), matrices(1, 2))
    .map(([[a = []], [b = []]]): Pair => [a, b])
    .filter((pair) => dot(pair.flat(), pair.flat()) > 0.01);

  it("a first step is η long over all tensors together, along the gradient", () => {
    fc.assert(
      fc.property(pairs, fc.constantFrom(1e-3, 1, 1e3), ([a, b], by) => {
        const step = moves([[a.map((x) => x * by), b.map((x) => x * by)]]);
        const gradient = [...a, ...b];
        const length = Math.sqrt(dot(gradient, gradient));
        step.forEach((x, i) => {
          expect(x).toBeCloseTo((-0.1 * (gradient[i] as number)) / length, 5);
        });
      }),
    );
  });

  it("each gradient's scale changes nothing", () => {
    fc.assert(
      fc.property(pairs, pairs, fc.constantFrom(1e-3, 7, 1e3), (first, second, by) => {
        const scaled: Pair = [second[0].map((x) => x * by), second[1].map((x) => x * by)];
        const [got, want] = [moves([first, scaled]), moves([first, second])];
        got.forEach((x, i) => {
          expect(x).toBeCloseTo(want[i] as number, 5);
        });
      }),
    );
  });

  it("a gradient of zero moves nothing", () => {
    const moved = moves([[new Array(3).fill(0), new Array(2).fill(0)]]);
    expect(moved.map(Math.abs)).toEqual(new Array(5).fill(0));
  });
});
