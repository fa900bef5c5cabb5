/**
 * @file The one pipeline that every preconditioning method goes through, so that a comparison
 * compares preconditioners and nothing else (paper, appendix C; ASDL's `train.py`):
 *
 *   1  g  gradient of the mean loss
 *   2  curvature and inverses, when due
 *   3  g ← P(g)
 *   4  g ← g · min(1, c/(‖g‖ + 1e-6))
 *   5  g ← g + ωθ,   b ← μb + g  (first step b = g),   θ ← θ − ηb
 */
import * as tf from "@tensorflow/tfjs-core";
import { inPhase } from "../engine/phase.ts";
import type { Pass, PassRequest } from "../nn/evaluate.ts";
import type { Parameter } from "../nn/parameter.ts";
import { clipFactor } from "./clip.ts";
import type { Diagnostics, Optimizer, OptimizerContext } from "./declaration.ts";
import { type EventCounters, eventCounters } from "./events.ts";
import { type MomentumHyperparameters, momentumStep } from "./momentum.ts";
import type { Problem, StepInfo } from "./problem.ts";
import { RepeatedUpdate } from "./repeated-update.ts";
import { OptimizerState } from "./state.ts";

export interface PipelineHyperparameters extends MomentumHyperparameters {
  readonly learningRate: number;
  readonly clipNorm: number;
}

/** The gradient of the mean loss with respect to a parameter. */
export type GradientOf = (parameter: Parameter) => tf.Tensor;

/** What distinguishes one second-order method from another. All of it runs inside a step's tidy. */
export interface Preconditioner {
  /** The parameters it preconditions; all others keep their plain gradient. */
  readonly treated: readonly Parameter[];
  /** What this step's evaluation must show. */
  request(info: StepInfo): PassRequest;
  /** Curvature, then inverses, from this step's pass. */
  refresh(pass: Pass, problem: Problem, info: StepInfo): void;
  /** P(g) of every treated parameter, in the parameter's shape. */
  apply(
    gradientOf: GradientOf,
    pass: Pass,
    problem: Problem,
    info: StepInfo,
  ): ReadonlyMap<Parameter, tf.Tensor>;
  /** After the parameters have moved, e.g. a second pass on the same batch. */
  finish?(pass: Pass, problem: Problem, info: StepInfo): void;
  diagnose?(problem: Problem): Diagnostics;
}

export type PreconditionerFactory<H> = (
  context: OptimizerContext<H>,
  state: OptimizerState,
  events: EventCounters,
) => Preconditioner;

/** `create` of a declaration, and the part of it that is the method's own. */
export interface PipelineCreate<H> {
  (context: OptimizerContext<H>): Optimizer;
  readonly preconditioner: PreconditionerFactory<H>;
}

/** An optimizer from a preconditioner: use as `create` of a declaration. */
export function preconditioned<H extends PipelineHyperparameters>(
  factory: PreconditionerFactory<H>,
): PipelineCreate<H> {
  const create = (context: OptimizerContext<H>): Optimizer => {
    const state = new OptimizerState();
    const events = eventCounters(state);
    const preconditioner = factory(context, state, events);
    const { parameters, hyperparameters } = context;
    const moves = parameters.map((one) => momentumStep(one, hyperparameters, state));
    const repeated = new RepeatedUpdate(parameters, state);
    return {
      state,
      preconditioned: preconditioner.treated.map(({ name }) => name),
      step: (problem, info) =>
        tf.tidy(() => {
          const pass = problem.evaluate(preconditioner.request(info));
          const gradients = new Map(parameters.map((one, i) => [one, pass.gradients[i]]));
          const gradientOf: GradientOf = (parameter) => gradients.get(parameter) as tf.Tensor;
          preconditioner.refresh(pass, problem, info);
          const changed = inPhase("precondition", () =>
            preconditioner.apply(gradientOf, pass, problem, info),
          );
          inPhase("update", () => {
            const directions = parameters.map((one) => changed.get(one) ?? gradientOf(one));
            const rate = tf.scalar(hyperparameters.learningRate * info.rateFactor);
            const [clipped] = repeated.run([...directions, rate], () => {
              const { factor, clipped } = clipFactor(directions, hyperparameters.clipNorm);
              moves.forEach((move, i) => {
                move(tf.mul(directions[i] as tf.Tensor, factor), rate);
              });
              return [clipped];
            });
            events.count("clippedSteps", clipped as tf.Tensor);
          });
          preconditioner.finish?.(pass, problem, info);
          inPhase("update", () => events.commit());
          return pass.loss;
        }),
      ...(preconditioner.diagnose && { diagnose: preconditioner.diagnose }),
    };
  };
  return Object.assign(create, { preconditioner: factory });
}
