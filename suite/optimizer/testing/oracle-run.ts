/** @file A trajectory of an oracle, and our optimizer on it. */
import * as tf from "@tensorflow/tfjs-core";
import type { RandomSource } from "../../nn/random.ts";
import type { Optimizer, OptimizerDeclaration } from "../declaration.ts";
import type { SavedState } from "../state.ts";
import { flat, type Nested, shapeOf } from "./nested.ts";
import { type SmallModel, type SmallModelName, smallModel } from "./small-models.ts";

export type Tensors = Readonly<Record<string, Nested>>;

interface Checkpoint {
  readonly step: number;
  readonly parameters: Tensors;
  readonly state: Tensors;
  readonly after: Tensors;
}

export interface Trajectory {
  readonly name: string;
  readonly id: string;
  readonly model: SmallModelName;
  readonly steps: number;
  readonly hyperparameters: Readonly<Record<string, unknown>>;
  readonly sampledLabels?: Readonly<Record<string, Nested>>;
  readonly probes?: readonly Tensors[];
  readonly losses: readonly number[];
  readonly checkpoints: readonly Checkpoint[];
  /** None where rounding decides the path. */
  readonly freeRun?: {
    /** 0, or the step of the checkpoint that it starts from. */
    readonly from: number;
    readonly parameters: Readonly<Record<string, Tensors>>;
    readonly evaluated?: Readonly<Record<string, Tensors>>;
    /** How far the float32 copy of the oracle has strayed after each step. */
    readonly float32Deviation: readonly number[];
  };
  /** Ranges of the first axis that rounding decides: nobody can compare them. */
  readonly undetermined?: Readonly<Record<string, readonly [number, number]>>;
}

export interface OracleOptions {
  /** Our name for a tensor or number of the oracle's state; null: we hold nothing like it. */
  readonly stateName?: (name: string, trajectory: Trajectory) => string | null;
  /** State of ours that exists only after the first curvature step. */
  readonly isLate?: (name: string) => boolean;
  /** The oracle's state as we hold it, under its names. */
  readonly converted?: (state: Tensors) => Tensors;
  /** Hyperparameters of the oracle that are not ours. */
  readonly without?: readonly string[];
}

export interface Run {
  /** Back to the initial parameters and a fresh state, or to those of a checkpoint. */
  start(from?: Checkpoint): void;
  /** One step; the loss before it. */
  step(step: number): number;
  parameters(): Record<string, Float32Array>;
  /** At the weights that the method evaluates at. */
  evaluated(): Record<string, Float32Array>;
  dispose(): void;
}

export function runOf(
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

  const start = (from?: Checkpoint) => {
    dispose();
    small = smallModel(trajectory.model);
    const { parameters, layers } = small.model;
    optimizer = declaration.create({ hyperparameters, parameters, layers, random: () => probes });
    if (from) {
      for (const { name, variable } of parameters) {
        const data = flat(from.parameters[name] as Nested);
        tf.tidy(() => variable.assign(tf.tensor(data, variable.shape)));
      }
      optimizer.state.restore(savedState(optimizer.state.save(), from.state, trajectory, options));
    }
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
  { stateName = (name) => name, isLate = () => false, converted = (state) => state }: OracleOptions,
): SavedState {
  const tensors = { ...fresh.tensors };
  const numbers = { ...fresh.numbers };
  for (const [theirs, values] of Object.entries(converted(given))) {
    const name = stateName(theirs, trajectory);
    if (name === null) continue;
    const tensor = tensors[name];
    if (tensor) tensors[name] = { ...tensor, values: flat(values) };
    else if (name in numbers && typeof values === "number") numbers[name] = values;
    else if (isLate(name)) {
      tensors[name] = { shape: shapeOf(values), dtype: "float32", values: flat(values) };
    } else throw new Error(`The oracle's state "${theirs}" has no counterpart "${name}" here.`);
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
