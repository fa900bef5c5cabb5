import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { describeConformance } from "../suite/optimizer/conformance.ts";
import { describeElementwise } from "../suite/optimizer/testing/elementwise.ts";
import { benchOf, parameter } from "../suite/optimizer/testing/fixed-problem.ts";
import { describeGoldenSteps } from "../suite/optimizer/testing/golden-steps.ts";
import { matrices } from "../suite/optimizer/testing/matrix.ts";
import { describeOracle } from "../suite/optimizer/testing/oracle.ts";
import { smallRun } from "../suite/optimizer/testing/small-run.ts";
import * as file from "./schedule-free.ts";

const { sfAdamw, sfSgd } = file;
const both = [sfAdamw, sfSgd];

describeGoldenSteps("schedule-free", file, { atEvaluationWeights: true });
for (const declaration of both) describeElementwise(declaration);
describeConformance(file);
describeOracle("schedule-free", file, {
  stateName: (name) => (name === "t" ? null : name.replace(/\.v$/, ".secondMoment")),
});

describe.each(both)("$id", (declaration) => {
  it("evaluates at the mean of all z", () => {
    fc.assert(
      fc.property(matrices(6, 3), (gradients) => {
        const bench = benchOf(declaration, parameter("theta", [1, 2, 3]), { learningRate: 0.1 });
        const sums = [0, 0, 0];
        for (const gradient of gradients) {
          bench.step({ gradients: [gradient] });
          const z = bench.optimizer.state.tensors().get("theta.z")?.dataSync() ?? [];
          for (const i of sums.keys()) sums[i] = (sums[i] as number) + (z[i] as number);
        }
        bench.optimizer.useEvaluationWeights?.();
        bench.values()[0]?.forEach((x, i) => {
          expect(x).toBeCloseTo((sums[i] as number) / gradients.length, 5);
        });
        bench.dispose();
      }),
      { numRuns: 30 },
    );
  });

  it("a warm-up of one step is none, and a longer one begins with shorter steps", () => {
    const valueAfter = (warmupSteps: number) => {
      const bench = benchOf(declaration, parameter("theta", [1]), { warmupSteps });
      bench.step({ gradients: [[1]] });
      const [[value = 0] = []] = bench.values();
      bench.dispose();
      return value;
    };
    expect(valueAfter(1)).toBe(valueAfter(0));
    expect((1 - valueAfter(4)) * 4).toBeCloseTo(1 - valueAfter(0), 5);
  });

  it("comes back from the evaluation weights with the same bits", () => {
    const run = smallRun(declaration, "mlp");
    for (let step = 0; step < 3; step++) run.step();
    const before = run.parameters();
    const restore = run.optimizer.useEvaluationWeights?.();
    expect(run.parameters()).not.toEqual(before);
    restore?.();
    expect(run.parameters()).toEqual(before);
    run.dispose();
  });
});
