/** @file Methods that see gradients: clip the raw gradient, then a rule of their own. */
import * as tf from "@tensorflow/tfjs-core";
import { inPhase } from "../engine/phase.ts";
import type { Pass, PassRequest } from "../nn/evaluate.ts";
import type { Parameter } from "../nn/parameter.ts";
import { clipFactor } from "./clip.ts";
import type { Optimizer, OptimizerContext } from "./declaration.ts";
import { type EventCounters, eventCounters } from "./events.ts";
import type { Problem, StepInfo } from "./problem.ts";
import { OptimizerState } from "./state.ts";

interface FirstOrderHyperparameters {
  readonly clipNorm: number;
  readonly learningRate: number;
}

/** What one step knows. */
export interface GradientStep extends StepInfo {
  /** Clipped by their global norm, in the order of the parameters. */
  readonly gradients: readonly tf.Tensor[];
  /** η after the schedule. */
  readonly rate: number;
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

/** The state and the update of one parameter. */
export type ParameterRule<H> = (
  parameter: Parameter,
  context: OptimizerContext<H>,
  state: OptimizerState,
) => (gradient: tf.Tensor, rate: number, info: StepInfo) => void;

/** An optimizer from a rule per parameter: use as `create`. `rate` is η after the schedule. */
export function firstOrder<H extends FirstOrderHyperparameters>(
  rule: ParameterRule<H>,
): (context: OptimizerContext<H>) => Optimizer {
  return gradientMethod((context, state) => {
    const updates = context.parameters.map((parameter) => rule(parameter, context, state));
    return {
      update: ({ gradients, rate, ...info }) => {
        updates.forEach((update, i) => {
          update(gradients[i] as tf.Tensor, rate, info);
        });
      },
    };
  });
}
