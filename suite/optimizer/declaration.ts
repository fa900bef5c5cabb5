/**
 * @file What an optimizer file exports: a declaration that the command line and the site can read
 * without running anything, and a factory.
 */
import type * as tf from "@tensorflow/tfjs-core";
import { z } from "zod";
import type { KroneckerLayer, Parameter } from "../nn/parameter.ts";
import type { RandomSource } from "../nn/random.ts";
import { declarationIssues, type FAMILIES } from "./declaration-check.ts";
import type { Problem, StepInfo } from "./problem.ts";
import type { Grid, SearchSpace } from "./search.ts";
import type { OptimizerState } from "./state.ts";

export type Family = (typeof FAMILIES)[number];

export interface Citation {
  readonly authors: string;
  readonly title: string;
  readonly year: number;
  readonly url: string;
}

/** What a method asks of the model, for the reader; the pass request says it to the machine. */
export interface Needs {
  readonly layerInputs?: boolean;
  readonly outputGradients?: boolean;
  readonly sampledLabels?: boolean;
  readonly hessianVectors?: boolean;
  /** A second evaluation on the same batch after the update. */
  readonly secondPass?: boolean;
}

/** The size of one layer in one step: a = dIn, b = dOut, r = rows, n = examples. */
export interface LayerSize {
  readonly dIn: number;
  readonly dOut: number;
  readonly rows: number;
  readonly examples: number;
}

/** FLOPs per event and floats of state that a method adds to gradient descent, for one layer. */
export interface MethodCost {
  readonly curvature?: number;
  readonly inverse?: number;
  readonly precondition?: number;
  readonly update?: number;
  readonly state: number;
}

export interface OptimizerContext<H> {
  readonly hyperparameters: H;
  readonly parameters: readonly Parameter[];
  readonly layers: readonly KroneckerLayer[];
  /** The trial's stream of that name, e.g. `probe`; saved with the trial. */
  readonly random: (stream: "probe" | "sketch") => RandomSource;
}

/** Counted while training; each is a scalar in the state, read when a record is written. */
export const EVENTS = ["clippedSteps", "inverseRetries", "keptInverses", "skippedUpdates"] as const;
export type EventName = (typeof EVENTS)[number];

/** Named scalars or short vectors that describe the step just done; evaluated only when asked for. */
export type Diagnostics = Readonly<Record<string, tf.Tensor>>;

export interface Optimizer {
  /** One update of all parameters in place. Returns the loss before it, owned by the caller. */
  step(problem: Problem, info: StepInfo): tf.Scalar;
  readonly state: OptimizerState;
  /** Names of the parameters whose gradient is preconditioned. */
  readonly preconditioned: readonly string[];
  /**
   * Methods that evaluate at other weights than they train (averages): puts those in place and
   * returns the function that puts the training weights back.
   */
  useEvaluationWeights?(): () => void;
  /** Called inside a tidy, on a batch of its own; may evaluate the problem. */
  diagnose?(problem: Problem): Diagnostics;
}

type HyperparameterObject = z.ZodObject<Record<string, z.ZodType>>;

export interface OptimizerDeclaration<S extends HyperparameterObject = HyperparameterObject> {
  readonly id: string;
  readonly name: string;
  readonly family: Family;
  /** Raised when the mathematics changes: results of other versions are not comparable. */
  readonly version: number;
  /** Place in lists: the paper's methods are 1 to 9. */
  readonly order: number;
  /** One sentence. */
  readonly summary: string;
  /** The update, as TeX lines. */
  readonly rule: readonly string[];
  readonly citation: Citation;
  readonly needs: Needs;
  readonly hyperparameters: S;
  /** Searched by default; a task may replace a dimension by name. */
  readonly search: SearchSpace;
  /** The paper's grid (appendix C), where the paper ran this method. */
  readonly paperGrid?: Grid;
  /** Schedule-free methods keep the learning rate constant after warm-up. */
  readonly schedule: "task" | "constant";
  cost(layer: LayerSize): MethodCost;
  create(context: OptimizerContext<z.output<S>>): Optimizer;
}

const declared = new WeakSet<object>();

/**
 * Declares an optimizer; export the result from a file in `optimizers/`.
 *
 * @throws naming every field that is wrong, and what is allowed.
 */
export function defineOptimizer<S extends HyperparameterObject>(
  declaration: OptimizerDeclaration<S>,
): OptimizerDeclaration<S> {
  const issues = declarationIssues(declaration);
  if (issues.length > 0) {
    throw new Error(`Optimizer "${declaration.id}": ${issues.join("; ")}.`);
  }
  declared.add(declaration);
  return declaration;
}

/** A close relative: the same mathematics with other defaults under its own name. */
export function defineVariant<S extends HyperparameterObject>(
  base: OptimizerDeclaration<S>,
  changes: Pick<OptimizerDeclaration<S>, "id" | "name" | "order" | "summary"> &
    Partial<Pick<OptimizerDeclaration<S>, "rule" | "search" | "paperGrid" | "version">> & {
      readonly defaults: Partial<z.input<S>>;
    },
): OptimizerDeclaration<S> {
  const { defaults, ...rest } = changes;
  const shape: Record<string, z.ZodType> = { ...base.hyperparameters.shape };
  for (const [name, value] of Object.entries(defaults)) {
    const field = shape[name] as z.ZodDefault;
    const meta = z.globalRegistry.get(field);
    const changed = z._default(field.unwrap() as z.ZodType, value);
    shape[name] = meta ? changed.register(z.globalRegistry, meta) : changed;
  }
  return defineOptimizer({
    ...base,
    ...rest,
    hyperparameters: z.strictObject(shape) as unknown as S,
  });
}

/** Whether an export of an optimizer file is a declaration. */
export function isOptimizerDeclaration(value: unknown): value is OptimizerDeclaration {
  return typeof value === "object" && value !== null && declared.has(value);
}
