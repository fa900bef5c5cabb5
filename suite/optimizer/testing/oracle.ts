/**
 * @file Holds an optimizer to the trajectories that an independent float64 implementation wrote
 * (`optimizers/oracles`): each step from a shared state, and the free run.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { useBackend } from "../../engine/index.ts";
import { isOptimizerDeclaration } from "../declaration.ts";
import { deviation, type Nested } from "./nested.ts";
import { readOracleFile } from "./oracle-file.ts";
import {
  type OracleOptions,
  type Run,
  runOf,
  type Tensors,
  type Trajectory,
} from "./oracle-run.ts";

const BACKENDS = ["reference", "onnxruntime"] as const;

export interface OracleFile<Golden> {
  readonly golden: readonly Golden[];
  readonly trajectories: readonly Trajectory[];
}

export function readOracle<Golden = Record<string, unknown>>(name: string): OracleFile<Golden> {
  return readOracleFile(name) as OracleFile<Golden>;
}

/** A step from the oracle's own state may be off by this much, relative to the largest entry. */
const STEP_TOLERANCE = 1e-5;
/** Another order of the same float32 sums may stray this many times as far as the oracle's copy. */
const FREE_RUN_FACTOR = 10;
/** Least allowance, where the copy happened to stay on the path. */
const FREE_RUN_FLOOR = 2e-6;

/** `stateName` for methods that hold a batch's own factors for one step only. */
export const withoutBatchFactors = (name: string, { hyperparameters }: Trajectory) =>
  hyperparameters.statistics === "batch" && /\.[AB](\.updates)?$/.test(name) ? null : name;

/** Registers the tests of every trajectory of `oracles/<name>.json`. */
export function describeOracle(
  name: string,
  exported: Readonly<Record<string, unknown>>,
  options: OracleOptions = {},
): void {
  const declarations = Object.values(exported).filter(isOptimizerDeclaration);
  const { trajectories } = readOracle(name);
  describe.each(BACKENDS)(`${name} against its oracle, on %s`, (backend) => {
    beforeAll(() => useBackend({ backend, threads: 1 }));
    afterAll(() => useBackend({ backend: "reference" }));
    describe.each(trajectories)("$name", (trajectory) => {
      const run = runOf(trajectory, declarations, options);
      afterAll(() => run.dispose());
      it("takes each step as the oracle does", () => takeEachStep(trajectory, run));
      if (trajectory.freeRun) it("stays on its path", () => runFreely(trajectory, run));
    });
  });
}

function takeEachStep(trajectory: Trajectory, run: Run): void {
  for (const checkpoint of trajectory.checkpoints) {
    const { step, after } = checkpoint;
    run.start(checkpoint);
    run.step(step);
    const off = strayed(trajectory, run.parameters(), after);
    expect(off, `step ${step}`).toBeLessThan(STEP_TOLERANCE);
  }
}

function runFreely(trajectory: Trajectory, run: Run): void {
  const { freeRun, checkpoints, steps, losses } = trajectory;
  if (!freeRun) return;
  const { from, parameters, evaluated = {}, float32Deviation } = freeRun;
  run.start(checkpoints.find(({ step }) => step === from));
  let copyStrayed = 0;
  for (let step = from; step < steps; step++) {
    const loss = run.step(step);
    if (step === from) expect(loss).toBeCloseTo(losses[step] as number, 5);
    copyStrayed = Math.max(copyStrayed, float32Deviation[step] as number);
    const bound = FREE_RUN_FACTOR * copyStrayed + FREE_RUN_FLOOR;
    const [expected, expectedEvaluated] = [parameters[step + 1], evaluated[step + 1]];
    if (expected) {
      const off = strayed(trajectory, run.parameters(), expected);
      expect(off, `step ${step}`).toBeLessThan(bound);
    }
    if (expectedEvaluated) {
      const off = strayed(trajectory, run.evaluated(), expectedEvaluated);
      expect(off, `evaluated at step ${step}`).toBeLessThan(bound);
    }
  }
}

/** The deviation, of what can be compared. */
function strayed(
  { undetermined = {} }: Trajectory,
  actual: Readonly<Record<string, Float32Array>>,
  expected: Tensors,
): number {
  const comparable = Object.entries(expected).map(([name, values]) => {
    const [start, end] = undetermined[name] ?? [0, 0];
    const keep = <T>(list: Iterable<T>, each: number) =>
      [...list].filter((_, i) => i < start * each || i >= end * each);
    const got = actual[name] as Float32Array;
    const perRow = got.length / (values as readonly Nested[]).length;
    return [name, keep(got, perRow), keep(values as readonly Nested[], 1)] as const;
  });
  return deviation(
    Object.fromEntries(comparable.map(([name, got]) => [name, got])),
    Object.fromEntries(comparable.map(([name, , want]) => [name, want])),
  );
}
