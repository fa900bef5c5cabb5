/**
 * @file Holds an optimizer to the trajectories that an independent float64 implementation wrote
 * (`optimizers/oracles`): each step from a shared state, and the free run.
 */
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type BackendName, useBackend } from "../../engine/index.ts";
import type { RandomSource } from "../../nn/random.ts";
import {
  isOptimizerDeclaration,
  type Optimizer,
  type OptimizerDeclaration,
} from "../declaration.ts";
import type { SavedState } from "../state.ts";
import { deviation, flat, type Nested } from "./nested.ts";
import { readOracleFile } from "./oracle-file.ts";
import { type SmallModel, type SmallModelName, smallModel } from "./small-models.ts";

type Tensors = Readonly<Record<string, Nested>>;

export interface Trajectory {
  readonly name: string;
  readonly id: string;
  readonly model: SmallModelName;
  readonly steps: number;
  readonly hyperparameters: Readonly<Record<string, unknown>>;
  readonly sampledLabels?: Readonly<Record<string, Nested>>;
  readonly probes?: readonly Tensors[];
  readonly losses: readonly number[];
  readonly checkpoints: readonly {
    readonly step: number;
    readonly parameters: Tensors;
    readonly state: Tensors;
    readonly after: Tensors;
  }[];
  readonly freeRun: {
    readonly parameters: Readonly<Record<string, Tensors>>;
    readonly evaluated?: Readonly<Record<string, Tensors>>;
    /** How far the float32 copy of the oracle has strayed after each step. */
    readonly float32Deviation: readonly number[];
  };
}

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

export interface OracleOptions {
  /** Our name for a tensor or number of the oracle's state; null: we hold nothing like it. */
  readonly stateName?: (name: string, trajectory: Trajectory) => string | null;
  /** Hyperparameters of the oracle that are not ours. */
  readonly without?: readonly string[];
  readonly backends?: readonly BackendName[];
}

/** `stateName` for methods that hold a batch's own factors for one step only. */
export const withoutBatchFactors = (name: string, { hyperparameters }: Trajectory) =>
  hyperparameters.statistics === "batch" && /\.[AB](\.updates)?$/.test(name) ? null : name;

/** Registers the tests of every trajectory of `oracles/<name>.json`. */
export function describeOracle(
  name: string,
  exported: Readonly<Record<string, unknown>>,
  options: OracleOptions = {},
): void {
  const { backends = ["reference", "onnxruntime"] } = options;
  const declarations = Object.values(exported).filter(isOptimizerDeclaration);
  const { trajectories } = readOracle(name);
  describe.each(backends)(`${name} against its oracle, on %s`, (backend) => {
    beforeAll(() => useBackend({ backend, threads: 1 }));
    describe.each(trajectories)("$name", (trajectory) => {
      const run = startRun(trajectory, declarations, options);
      afterAll(() => run.dispose());

      it("takes each step as the oracle does", () => {
        for (const { step, parameters, state, after } of trajectory.checkpoints) {
          run.restore(parameters, state);
          run.step(step);
          expect(deviation(run.parameters(), after), `step ${step}`).toBeLessThan(STEP_TOLERANCE);
        }
      });

      it("stays on its path", () => {
        run.start();
        let strayed = 0;
        for (let step = 0; step < trajectory.steps; step++) {
          const loss = run.step(step);
          if (step === 0) expect(loss).toBeCloseTo(trajectory.losses[0] as number, 5);
          strayed = Math.max(strayed, trajectory.freeRun.float32Deviation[step] as number);
          const bound = FREE_RUN_FACTOR * strayed + FREE_RUN_FLOOR;
          const expected = trajectory.freeRun.parameters[step + 1];
          const reached = run.parameters();
          if (expected) expect(deviation(reached, expected), `step ${step}`).toBeLessThan(bound);
          const evaluated = trajectory.freeRun.evaluated?.[step + 1];
          if (evaluated) {
            expect(deviation(run.evaluated(), evaluated), `step ${step}`).toBeLessThan(bound);
          }
        }
      });
    });
  });
}

interface Run {
  /** Back to the oracle's initial parameters and a fresh state. */
  start(): void;
  restore(parameters: Tensors, state: Tensors): void;
  /** One step; the loss before it. */
  step(step: number): number;
  parameters(): Record<string, Float32Array>;
  /** At the weights that the method evaluates at. */
  evaluated(): Record<string, Float32Array>;
  dispose(): void;
}

function startRun(
  trajectory: Trajectory,
  declarations: readonly OptimizerDeclaration[],
  options: OracleOptions,
): Run {
  const declaration = declarations.find(({ id }) => id === trajectory.id);
  if (!declaration) throw new Error(`The oracle runs "${trajectory.id}", which is not exported.`);
  const { without = [] } = options;
  const given = Object.entries(trajectory.hyperparameters).filter(
    ([key]) => !without.includes(key),
  );
  const hyperparameters = declaration.hyperparameters.parse(Object.fromEntries(given));
  const probes = probeSource(trajectory.probes ?? []);
  let small: SmallModel | undefined;
  let optimizer: Optimizer | undefined;

  const start = () => {
    dispose();
    small = smallModel(trajectory.model);
    const { parameters, layers } = small.model;
    optimizer = declaration.create({ hyperparameters, parameters, layers, random: () => probes });
    return { small, optimizer };
  };
  const now = () => (small && optimizer ? { small, optimizer } : start());
  const dispose = () => {
    small?.dispose();
    optimizer?.state.dispose();
    small = undefined;
  };
  const parameters = () =>
    Object.fromEntries(
      now().small.model.parameters.map((one) => [
        one.name,
        one.variable.dataSync() as Float32Array,
      ]),
    );

  return {
    start,
    dispose,
    parameters,
    evaluated: () => {
      const restore = now().optimizer.useEvaluationWeights?.();
      const values = parameters();
      restore?.();
      return values;
    },
    restore: (values, state) => {
      const { small, optimizer } = start();
      for (const { name, variable } of small.model.parameters) {
        const data = flat(values[name] as Nested);
        tf.tidy(() => variable.assign(tf.tensor(data, variable.shape)));
      }
      optimizer.state.restore(savedState(optimizer.state.save(), state, trajectory, options));
    },
    step: (step) => {
      const { small, optimizer } = now();
      const labels = trajectory.sampledLabels?.[step];
      probes.at(step);
      return small.withBatch(
        step,
        (problem) => {
          const info = { step, rateFactor: 1, progress: step / trajectory.steps };
          const loss = optimizer.step(problem, info);
          const [value] = loss.dataSync();
          loss.dispose();
          return value as number;
        },
        labels === undefined ? {} : { labels },
      );
    },
  };
}

/** The oracle's state under our names, over a fresh one. */
function savedState(
  fresh: SavedState,
  given: Tensors,
  trajectory: Trajectory,
  { stateName = (name) => name }: OracleOptions,
): SavedState {
  const tensors = { ...fresh.tensors };
  const numbers = { ...fresh.numbers };
  for (const [theirs, values] of Object.entries(given)) {
    const name = stateName(theirs, trajectory);
    if (name === null) continue;
    const tensor = tensors[name];
    if (tensor) tensors[name] = { ...tensor, values: flat(values) };
    else if (name in numbers && typeof values === "number") numbers[name] = values;
    else throw new Error(`The oracle's state "${theirs}" has no counterpart "${name}" here.`);
  }
  return { tensors, numbers };
}

/** Draws the oracle's probes, parameter by parameter, in the order in which it lists them. */
function probeSource(bank: readonly Tensors[]): RandomSource & { at(step: number): void } {
  let queue: Nested[] = [];
  const next = (count: number) => {
    const values = flat(queue.shift() ?? []);
    if (values.length !== count) {
      throw new Error(`The oracle's probe has ${values.length} entries where ${count} are drawn.`);
    }
    return values;
  };
  return {
    uniform: next,
    normal: next,
    at: (step) => {
      queue = Object.values(bank[step % bank.length] ?? {});
    },
  };
}
