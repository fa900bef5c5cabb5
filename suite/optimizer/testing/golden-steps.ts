/** @file The golden values of the specification's section 5: three steps under given gradients. */
import { beforeAll, expect, it } from "vitest";
import { useBackend } from "../../engine/index.ts";
import { isOptimizerDeclaration } from "../declaration.ts";
import { benchOf, parameter } from "./fixed-problem.ts";
import { readOracle } from "./oracle.ts";

interface GoldenSteps {
  readonly name: string;
  readonly start: number[];
  readonly gradients: number[][];
  readonly hyperparameters: Readonly<Record<string, unknown>>;
  readonly expected: number[][];
}

/** Registers one test per golden of `oracles/<file>.json`, run by the export of that id. */
export function describeGoldenSteps(
  file: string,
  exported: Readonly<Record<string, unknown>>,
  id = file,
): void {
  beforeAll(() => useBackend({ backend: "reference" }));
  const declaration = Object.values(exported)
    .filter(isOptimizerDeclaration)
    .find((one) => one.id === id);
  it.each(readOracle<GoldenSteps>(file).golden)("golden values: $name", (golden) => {
    if (!declaration) throw new Error(`No optimizer "${id}" is exported.`);
    const settings = {
      ...golden.hyperparameters,
      clipNorm: golden.hyperparameters.clipNorm ?? 1e30,
    };
    const bench = benchOf(declaration, parameter("theta", golden.start), settings);
    for (const [step, gradient] of golden.gradients.entries()) {
      bench.step({ gradients: [gradient] });
      golden.expected[step]?.forEach((value, i) => {
        expect(bench.values()[0]?.[i]).toBeCloseTo(value, 5);
      });
    }
    bench.dispose();
  });
}
