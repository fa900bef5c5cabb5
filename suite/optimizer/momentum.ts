/** @file Heavy-ball momentum with coupled weight decay: how SGD and every preconditioned method move. */
import * as tf from "@tensorflow/tfjs-core";
import type { Parameter } from "../nn/parameter.ts";
import type { OptimizerState } from "./state.ts";

export interface MomentumHyperparameters {
  readonly momentum: number;
  readonly weightDecay: number;
}

/**
 * `g ← g + ωθ, b ← μb + g, θ ← θ − ηb`, as `torch.optim.SGD`; `lookAhead`: `θ ← θ − η(g + μb)`
 * (Nesterov). From b = 0 the first step has b = g without a case of its own.
 */
export function momentumStep(
  { name, variable }: Parameter,
  { momentum, weightDecay }: MomentumHyperparameters,
  state: OptimizerState,
  lookAhead = false,
): (gradient: tf.Tensor, rate: number | tf.Scalar) => void {
  const buffer = state.tensor(`${name}.momentum`, () => tf.zerosLike(variable));
  return (gradient, rate) => {
    const decayed = weightDecay ? tf.add(gradient, tf.mul(variable, weightDecay)) : gradient;
    const moved = tf.add(tf.mul(buffer, momentum), decayed);
    buffer.assign(moved);
    const direction = lookAhead ? tf.add(decayed, tf.mul(moved, momentum)) : moved;
    variable.assign(tf.sub(variable, tf.mul(direction, rate)));
  };
}
