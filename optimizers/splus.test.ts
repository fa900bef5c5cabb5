import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { describeConformance } from "../suite/optimizer/conformance.ts";
import { benchOf, parameter } from "../suite/optimizer/testing/fixed-problem.ts";
import { describeGoldenSteps } from "../suite/optimizer/testing/golden-steps.ts";
import {
  asRows,
  combine,
  distance,
  identity,
  type Matrix,
  matrices,
  multiply,
  rotations,
  scale,
  transpose,
} from "../suite/optimizer/testing/matrix.ts";
import { describeOracle } from "../suite/optimizer/testing/oracle.ts";
import * as file from "./splus.ts";

const { splus } = file;

describeGoldenSteps("splus", file, { without: ["epsilon"] });
describeConformance(file, {
  fallbacks: { ReducedEigen: "divide and conquer branches on values: no graph does" },
});
describeOracle("splus", file, {
  without: ["epsilon"],
  stateName: (name) =>
    name === "t"
      ? "updates"
      : name
          .replace(/\.m$/, ".momentum")
          .replace(/\.L$/, ".S0")
          .replace(/\.R$/, ".S1")
          .replace(/\.QL$/, ".Q0")
          .replace(/\.QR$/, ".Q1"),
});

/** The change of a `[4, 4]` by the last of the gradients. */
function lastStep(gradients: readonly Matrix[]): Matrix {
  const settings = { learningRate: 4, weightDecay: 0, inverseInterval: 1, clipNorm: 1e30 };
  const bench = benchOf(splus, parameter("w", scale(identity(4), 0)), settings);
  const path = gradients.map((gradient) => {
    bench.step({ gradients: [gradient] });
    return asRows(bench.values()[0] as number[], 4);
  });
  bench.dispose();
  return combine(path.at(-1) as Matrix, path.at(-2) as Matrix, (x, y) => x - y);
}

/** No entry may be near 0 in the basis: its sign would be rounding's. */
const gradientLists = fc
  .tuple(matrices(4, 4), matrices(4, 4), matrices(4, 4))
  .map((noises) =>
    noises.map((noise, step) =>
      noise.map((row, i) => row.map((x, j) => x / 8 + Math.sin(7 * i + 3 * j + 5 * step + 1))),
    ),
  );

describe("invariances", () => {
  it("rotated gradients rotate the step, once the bases are theirs", () => {
    fc.assert(
      fc.property(gradientLists, rotations(4), rotations(4), (gradients, u, w) => {
        const turned = lastStep(gradients.map((g) => multiply(multiply(u, g), w)));
        const back = multiply(multiply(transpose(u), turned), transpose(w));
        expect(distance(back, lastStep(gradients))).toBeLessThan(1e-2);
      }),
      { numRuns: 20, seed: 1 },
    );
  });

  it("a step is orthogonal signs: its norm is η·2/(dIn + dOut) per entry, at any scale", () => {
    fc.assert(
      fc.property(gradientLists, fc.constantFrom(1 / 64, 1, 64), (gradients, by) => {
        const step = lastStep(gradients.map((g) => scale(g, by)));
        const norm = Math.sqrt(step.flat().reduce((sum, x) => sum + x * x, 0));
        expect(norm).toBeCloseTo(4, 3);
      }),
      { numRuns: 20, seed: 1 },
    );
  });
});

it("is evaluated at the debiased average of what it passed, before decay", () => {
  const settings = { averageRate: 0.5, weightDecay: 0.5, learningRate: 100, clipNorm: 1e30 };
  const bench = benchOf(splus, parameter("bias", [1]), settings);
  bench.step({ gradients: [[1]] });
  bench.step({ gradients: [[1]] });
  // η/1000 = 0.1: 1 → 0.9, decayed by 0.05 to 0.855 → 0.755.
  bench.optimizer.useEvaluationWeights?.();
  expect(bench.values()[0]?.[0]).toBeCloseTo((0.25 * 0.9 + 0.5 * 0.755) / 0.75, 5);
  bench.dispose();
});
