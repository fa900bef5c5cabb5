import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { describeConformance } from "../suite/optimizer/conformance.ts";
import { benchOf, parameter } from "../suite/optimizer/testing/fixed-problem.ts";
import { describeGoldenSteps } from "../suite/optimizer/testing/golden-steps.ts";
import { dot, type Matrix, matrices } from "../suite/optimizer/testing/matrix.ts";
import { describeOracle } from "../suite/optimizer/testing/oracle.ts";
import * as file from "./lamb.ts";

describeGoldenSteps("lamb", file);
describeConformance(file);
describeOracle("lamb", file, {
  stateName: (name) =>
    name === "t" ? null : name.replace(/\.m$/, ".firstMoment").replace(/\.v$/, ".secondMoment"),
});

/** The change of one tensor in one step. */
function move(start: number[], gradient: number[], settings = {}): number[] {
  const bench = benchOf(file.lamb, parameter("theta", start), { clipNorm: 1e30, ...settings });
  bench.step({ gradients: [gradient] });
  const moved = (bench.values()[0] as number[]).map((value, i) => value - (start[i] as number));
  bench.dispose();
  return moved;
}

const norm = (values: readonly number[]) => Math.sqrt(dot(values, values));

describe("invariances", () => {
  const cases = matrices(2, 4).filter(([start = [], gradient = []]: Matrix) =>
    [start, gradient].every((values) => norm(values) > 0.1),
  );

  it("a step is η times the tensor's norm long", () => {
    fc.assert(
      fc.property(cases, ([start = [], gradient = []]) => {
        const length = norm(move(start, gradient, { learningRate: 0.1 }));
        expect(length / norm(start)).toBeCloseTo(0.1, 5);
      }),
    );
  });

  it("a tensor k times as large moves k times as far", () => {
    fc.assert(
      fc.property(cases, ([start = [], gradient = []]) => {
        const settings = { weightDecay: 0, learningRate: 0.1 };
        const large = move(
          start.map((x) => 4 * x),
          gradient,
          settings,
        );
        move(start, gradient, settings).forEach((value, i) => {
          expect((large[i] as number) / 4).toBeCloseTo(value, 5);
        });
      }),
    );
  });
});
