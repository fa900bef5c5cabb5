import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ParameterRole } from "../suite/nn/parameter.ts";
import { describeConformance } from "../suite/optimizer/conformance.ts";
import { benchOf, parameter } from "../suite/optimizer/testing/fixed-problem.ts";
import { describeGoldenSteps } from "../suite/optimizer/testing/golden-steps.ts";
import { dot, matrices } from "../suite/optimizer/testing/matrix.ts";
import { describeOracle } from "../suite/optimizer/testing/oracle.ts";
import * as file from "./lars.ts";

describeGoldenSteps("lars", file);
describeConformance(file);
describeOracle("lars", file);

/** The first step of one tensor, without decay. */
function move(start: number[], gradient: number[], role?: ParameterRole): number[] {
  const settings = { clipNorm: 1e30, weightDecay: 0, learningRate: 100 };
  const bench = benchOf(file.lars, parameter("theta", start, role), settings);
  bench.step({ gradients: [gradient] });
  const moved = (bench.values()[0] as number[]).map((value, i) => value - (start[i] as number));
  bench.dispose();
  return moved;
}

const norm = (values: readonly number[]) => Math.sqrt(dot(values, values));

describe("invariances", () => {
  const cases = matrices(2, 4).filter((rows) => rows.every((values) => norm(values) > 0.1));

  it("a first step is ηκ times the tensor's norm long, whatever the gradient's scale", () => {
    fc.assert(
      fc.property(cases, fc.constantFrom(1e-3, 1, 1e3), ([start = [], slope = []], by) => {
        const step = move(
          start,
          slope.map((x) => x * by),
        );
        expect(norm(step) / norm(start)).toBeCloseTo(0.1, 5);
      }),
    );
  });

  it.each(["bias", "norm"] as const)("a %s takes the coefficient alone", (role) => {
    const step = move([0, 3], [1, -2], role);
    expect(step[0]).toBeCloseTo(-0.1, 6);
    expect(step[1]).toBeCloseTo(0.2, 6);
  });
});
