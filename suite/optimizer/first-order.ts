/** @file Methods that see gradients: clip the raw gradient, then a rule of their own. */
import * as tf from "@tensorflow/tfjs-core";
import { inPhase } from "../engine/phase.ts";
import type { Pass, PassRequest } from "../nn/evaluate.ts";
import type { Parameter } from "../nn/parameter.ts";
import { clipFactor } from "./clip.ts";
import type { Optimizer, OptimizerContext } from "./declaration.ts";
import { type EventCounters, eventCounters } from "./events.ts";
import type { Problem, StepInfo } from "./problem.ts";
import { RepeatedUpdate } from "./repeated-update.ts";
import { OptimizerState } from "./state.ts";

interface FirstOrderHyperparameters {
  readonly clipNorm: number;
  readonly learningRate: number;
}

interface RatedStep extends StepInfo {
  /** η after the schedule. */
  readonly rate: number;
}

/** What one step knows. */
export interface GradientStep extends RatedStep {
  /** Clipped by their global norm, in the order of the parameters. */
  readonly gradients: readonly tf.Tensor[];
  readonly pass: Pass;
  readonly problem: Problem;
}

/** What distinguishes one such method from another. All of it runs inside a step's tidy. */
export interface GradientMethod {
  /** The parameters that it preconditions; none, if not given. */
  readonly treated?: readonly Parameter[];
  /** What this step's evaluation must show beside the gradients. */
  request?(info: StepInfo): PassRequest;
  /** Moves the parameters. */
  update(step: GradientStep): void;
  useEvaluationWeights?(): () => void;
}

export type GradientMethodFactory<H> = (
  context: OptimizerContext<H>,
  state: OptimizerState,
  events: EventCounters,
) => GradientMethod;

/** An optimizer from a method: use as `create` of a declaration. */
export function gradientMethod<H extends FirstOrderHyperparameters>(
  factory: GradientMethodFactory<H>,
): (context: OptimizerContext<H>) => Optimizer {
  return (context) => {
    const state = new OptimizerState();
    const events = eventCounters(state);
    const method = factory(context, state, events);
    const { useEvaluationWeights, treated = [] } = method;
    const { clipNorm, learningRate } = context.hyperparameters;
    return {
      state,
      preconditioned: treated.map(({ name }) => name),
      step: (problem, info) =>
        tf.tidy(() => {
          const pass = problem.evaluate(method.request?.(info));
          inPhase("update", () => {
            const { factor, clipped } = clipFactor(pass.gradients, clipNorm);
            events.count("clippedSteps", clipped);
            const gradients = pass.gradients.map((gradient) => tf.mul(gradient, factor));
            const rate = learningRate * info.rateFactor;
            method.update({ ...info, gradients, rate, pass, problem });
            events.commit();
          });
          return pass.loss;
        }),
      ...(useEvaluationWeights && { useEvaluationWeights }),
    };
  };
}

/** A method that moves every parameter by itself. */
export interface FirstOrderMethod<H, N extends string> {
  /** What changes from step to step beside gradients and state, computed in float64. */
  readonly numbers: (hyperparameters: H, now: RatedStep) => Readonly<Record<N, number>>;
  /**
   * Sets up the state of one parameter, and gives what moves it. That may depend on nothing but its
   * arguments, the parameter and the state: after the first steps it is not called, but repeated.
   */
  readonly rule: (
    parameter: Parameter,
    context: OptimizerContext<H>,
    state: OptimizerState,
  ) => (gradient: tf.Tensor, numbers: Readonly<Record<N, tf.Scalar>>) => void;
}

/** An optimizer from such a method: use as `create`. */
export function firstOrder<H extends FirstOrderHyperparameters, N extends string>({
  numbers,
  rule,
}: FirstOrderMethod<H, N>): (context: OptimizerContext<H>) => Optimizer {
  return (context) => {
    const { parameters, hyperparameters } = context;
    const { clipNorm, learningRate } = hyperparameters;
    const state = new OptimizerState();
    const events = eventCounters(state);
    const updates = parameters.map((parameter) => rule(parameter, context, state));
    const repeated = new RepeatedUpdate(parameters, state);
    return {
      state,
      preconditioned: [],
      step: (problem, info) =>
        tf.tidy(() => {
          const pass = problem.evaluate();
          inPhase("update", () => {
            const rate = learningRate * info.rateFactor;
            const now = Object.entries<number>(numbers(hyperparameters, { ...info, rate }));
            const scalars = now.map(([, value]) => tf.scalar(value));
            const named = Object.fromEntries(now.map(([name], i) => [name, scalars[i]]));
            const [clipped] = repeated.run([...pass.gradients, ...scalars], () => {
              const { factor, clipped } = clipFactor(pass.gradients, clipNorm);
              for (const [i, update] of updates.entries()) {
                const gradient = tf.mul(pass.gradients[i] as tf.Tensor, factor);
                update(gradient, named as Record<N, tf.Scalar>);
              }
              return [clipped];
            });
            events.count("clippedSteps", clipped as tf.Tensor);
            events.commit();
          });
          return pass.loss;
        }),
    };
  };
}
