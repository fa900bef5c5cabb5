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
import type { Problem, StepInfo } from "./problem.ts";
import { OptimizerState } from "./state.ts";

export interface PipelineHyperparameters {
  readonly learningRate: number;
  readonly momentum: number;
  readonly weightDecay: number;
  readonly clipNorm: number;
}

/** What distinguishes one second-order method from another. */
export interface Preconditioner {
  /** The parameters it preconditions; all others keep their plain gradient. */
  readonly treated: readonly Parameter[];
  /** What this step's evaluation must show. */
  request(info: StepInfo): PassRequest;
  /** Curvature, then inverses, from this step's pass. */
  refresh(pass: Pass, problem: Problem, info: StepInfo): void;
  /** P(g), parameter by parameter, in the order of `context.parameters`. */
  apply(pass: Pass, problem: Problem, info: StepInfo): readonly tf.Tensor[];
  /** After the parameters have moved, e.g. a second pass on the same batch. */
  finish?(pass: Pass, problem: Problem, info: StepInfo): void;
  diagnose?(problem: Problem): Diagnostics;
}

export type PreconditionerFactory<H> = (
  context: OptimizerContext<H>,
  state: OptimizerState,
  events: EventCounters,
) => Preconditioner;

/** An optimizer from a preconditioner: use as `create` of a declaration. */
export function preconditioned<H extends PipelineHyperparameters>(
  factory: PreconditionerFactory<H>,
): (context: OptimizerContext<H>) => Optimizer {
  return (context) => {
    const state = new OptimizerState();
    const events = eventCounters(state);
    const preconditioner = factory(context, state, events);
    const move = momentumUpdate(context, state);
    return {
      state,
      preconditioned: preconditioner.treated.map(({ name }) => name),
      step: (problem, info) =>
        tf.tidy(() => {
          const pass = problem.evaluate(preconditioner.request(info));
          preconditioner.refresh(pass, problem, info);
          const directions = inPhase("precondition", () =>
            preconditioner.apply(pass, problem, info),
          );
          inPhase("update", () => {
            const { factor, clipped } = clipFactor(directions, context.hyperparameters.clipNorm);
            events.count("clippedSteps", clipped);
            move(directions, factor, info);
          });
          preconditioner.finish?.(pass, problem, info);
          return pass.loss;
        }),
      ...(preconditioner.diagnose && { diagnose: preconditioner.diagnose }),
    };
  };
}

/** Step 5: coupled weight decay on every tensor, momentum, update. */
function momentumUpdate(
  { parameters, hyperparameters }: OptimizerContext<PipelineHyperparameters>,
  state: OptimizerState,
): (directions: readonly tf.Tensor[], factor: tf.Scalar, info: StepInfo) => void {
  const { learningRate, momentum, weightDecay } = hyperparameters;
  // From zero, μ·b + g is g: the first step needs no case of its own.
  const buffers = parameters.map(({ name, variable }) =>
    state.tensor(`${name}.momentum`, () => tf.zerosLike(variable)),
  );
  return (directions, factor, { rateFactor }) => {
    parameters.forEach(({ variable }, i) => {
      const buffer = buffers[i] as tf.Variable;
      const scaled = tf.mul(directions[i] as tf.Tensor, factor);
      const decayed = weightDecay ? tf.add(scaled, tf.mul(variable, weightDecay)) : scaled;
      const moved = tf.add(tf.mul(buffer, momentum), decayed);
      buffer.assign(moved);
      variable.assign(tf.sub(variable, tf.mul(moved, learningRate * rateFactor)));
    });
  };
}
