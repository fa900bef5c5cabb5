/** @file A property of methods that treat each entry by itself. */
import fc from "fast-check";
import { beforeAll, expect, it } from "vitest";
import { useBackend } from "../../engine/index.ts";
import type { OptimizerDeclaration } from "../declaration.ts";
import { benchOf, parameter } from "./fixed-problem.ts";
import { matrices } from "./matrix.ts";

/** Of a step's given gradients: what else the method sees. */
export type Also = (gradients: readonly number[][]) => Readonly<Record<string, unknown>>;

/** Registers: a tensor cut in two moves as the whole one does. */
export function describeElementwise(declaration: OptimizerDeclaration, also?: Also): void {
  beforeAll(() => useBackend({ backend: "reference" }));
  it(`${declaration.id} moves the parts of a tensor as the whole`, () => {
    const cases = fc.record({ start: matrices(1, 5), gradients: matrices(4, 5) });
    fc.assert(
      fc.property(
        cases,
        fc.integer({ min: 1, max: 4 }),
        ({ start: [start = []], gradients }, at) => {
          const cut = (values: number[]) => [values.slice(0, at), values.slice(at)];
          const whole = run(
            declaration,
            [start],
            gradients.map((g) => [g]),
            also,
          );
          const parts = run(declaration, cut(start), gradients.map(cut), also);
          expect(parts).toEqual(whole);
        },
      ),
      { numRuns: 20 },
    );
  });
}

/** All entries after the steps, without clipping: a global norm rounds by the order of its sum. */
function run(
  declaration: OptimizerDeclaration,
  tensors: readonly number[][],
  steps: readonly number[][][],
  also: Also = () => ({}),
): number[] {
  const parameters = tensors.map((values, i) => parameter(`part${i}`, values));
  const ones = (count: number) => new Float32Array(count).fill(1);
  const source = { uniform: ones, normal: ones };
  const bench = benchOf(declaration, parameters, { learningRate: 0.1, clipNorm: 1e30 }, source);
  for (const gradients of steps) bench.step({ gradients, ...also(gradients) });
  const restore = bench.optimizer.useEvaluationWeights?.();
  const evaluated = bench.values().flat();
  restore?.();
  const values = bench.values().flat();
  bench.dispose();
  return [...values, ...evaluated];
}
