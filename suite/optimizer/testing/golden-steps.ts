/** @file Golden values: what given gradients make of one tensor, step by step. */
import { beforeAll, expect, it } from "vitest";
import { useBackend } from "../../engine/index.ts";
import { isOptimizerDeclaration, type Optimizer } from "../declaration.ts";
import { type Bench, benchOf, parameter } from "./fixed-problem.ts";
import { flat, type Nested } from "./nested.ts";
import { readOracle } from "./oracle.ts";

interface GoldenSteps {
  readonly name: string;
  readonly start: Nested;
  readonly gradients: readonly Nested[];
  readonly hyperparameters: Readonly<Record<string, unknown>>;
  /** By step. */
  readonly expected: Readonly<Record<string, Nested>>;
  /** Where it is evaluated in the end. */
  readonly evaluated?: Nested;
}

export interface GoldenStepsOptions {
  /** `expected` is where the method evaluates, not where it trains. */
  readonly atEvaluationWeights?: boolean;
  /** Hyperparameters of the oracle that are not ours. */
  readonly without?: readonly string[];
}

/**
 * Registers one test per golden of `oracles/<file>.json`, run by the export that the golden is named
 * after, or that the file is.
 */
export function describeGoldenSteps(
  file: string,
  exported: Readonly<Record<string, unknown>>,
  options: GoldenStepsOptions = {},
): void {
  beforeAll(() => useBackend({ backend: "reference" }));
  const declarations = Object.values(exported).filter(isOptimizerDeclaration);
  it.each(readOracle<GoldenSteps>(file).golden)("golden values: $name", (golden) => {
    const declaration =
      declarations.find(({ id }) => id === golden.name) ??
      declarations.find(({ id }) => id === file);
    if (!declaration) throw new Error(`No optimizer "${file}" or "${golden.name}" is exported.`);
    const bench = benchOf(
      declaration,
      parameter("theta", golden.start),
      settingsOf(golden, options),
    );
    for (const [step, gradient] of golden.gradients.entries()) {
      bench.step({ gradients: [gradient] });
      const expected = golden.expected[step];
      const evaluate = options.atEvaluationWeights ?? false;
      if (expected !== undefined) expectClose(valuesOf(bench, evaluate), expected);
    }
    if (golden.evaluated !== undefined) expectClose(valuesOf(bench, true), golden.evaluated);
    bench.dispose();
  });
}

function settingsOf({ hyperparameters }: GoldenSteps, { without = [] }: GoldenStepsOptions) {
  const known = Object.entries(hyperparameters).filter(([name]) => !without.includes(name));
  return { ...Object.fromEntries(known), clipNorm: hyperparameters.clipNorm ?? 1e30 };
}

function valuesOf(bench: Bench, evaluate: boolean): number[] {
  const { useEvaluationWeights }: Optimizer = bench.optimizer;
  const restore = evaluate ? useEvaluationWeights?.() : undefined;
  const [values = []] = bench.values();
  restore?.();
  return values;
}

function expectClose(actual: readonly number[], expected: Nested): void {
  const want = flat(expected);
  expect(actual).toHaveLength(want.length);
  want.forEach((value, i) => {
    expect(actual[i]).toBeCloseTo(value, 5);
  });
}
