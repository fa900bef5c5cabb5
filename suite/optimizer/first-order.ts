/** @file Methods that see gradients only: clip the raw gradient, then a rule per parameter. */
import * as tf from "@tensorflow/tfjs-core";
import { inPhase } from "../engine/phase.ts";
import type { Parameter } from "../nn/parameter.ts";
import { clipFactor } from "./clip.ts";
import type { Optimizer, OptimizerContext } from "./declaration.ts";
import { eventCounters } from "./events.ts";
import type { StepInfo } from "./problem.ts";
import { OptimizerState } from "./state.ts";

interface FirstOrderHyperparameters {
  readonly clipNorm: number;
  readonly learningRate: number;
}

/** The state and the update of one parameter. */
export type ParameterRule<H> = (
  parameter: Parameter,
  context: OptimizerContext<H>,
  state: OptimizerState,
) => (gradient: tf.Tensor, rate: number, info: StepInfo) => void;

/** An optimizer from a rule: use as `create` of a declaration. `rate` is η after the schedule. */
export function firstOrder<H extends FirstOrderHyperparameters>(
  rule: ParameterRule<H>,
): (context: OptimizerContext<H>) => Optimizer {
  return (context) => {
    const state = new OptimizerState();
    const events = eventCounters(state);
    const updates = context.parameters.map((parameter) => rule(parameter, context, state));
    const { clipNorm, learningRate } = context.hyperparameters;
    return {
      state,
      preconditioned: [],
      step: (problem, info) =>
        tf.tidy(() => {
          const { loss, gradients } = problem.evaluate();
          inPhase("update", () => {
            const { factor, clipped } = clipFactor(gradients, clipNorm);
            events.count("clippedSteps", clipped);
            updates.forEach((update, i) => {
              const gradient = tf.mul(gradients[i] as tf.Tensor, factor);
              update(gradient, learningRate * info.rateFactor, info);
            });
            events.commit();
          });
          return loss;
        }),
    };
  };
}
